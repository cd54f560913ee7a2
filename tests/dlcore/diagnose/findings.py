"""A finding that no rule has made, for whatever shows findings."""

from dlcore.diagnose import Finding, Remedy

RELU = Remedy("relu with he initialization", {"model.activation": "relu", "model.init": "he"})
SLOWER = Remedy("learning rate 0.001", {"optimizer.lr": 0.001})
VANISHING = Finding(
    code="vanishing_gradient",
    severity="error",
    step=1200,
    told=1300,
    layer="fc1",
    message="The gradient of fc1 is 1.1e-06 of that of fc9: the first layers learn next to nothing",
    cause="8 sigmoids in a row, each with a slope of at most 1/4",
    evidence={"ratio": 1.1e-6, "first_norm": 4.3e-7, "epochs": 1200.0},
    remedies=(RELU, SLOWER),
)
NAN = Finding(
    code="nan",
    severity="warning",
    step=7,
    told=7,
    layer="",
    message="The loss is not a number since step 7",
    cause="steps that overshoot until the numbers overflow",
    evidence={"lr": 10.0},
    remedies=(),
)
