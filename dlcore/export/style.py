"""The style sheet of an HTML summary: light, dark and on paper; no font, picture or script from elsewhere."""

from dlcore.export.svg import STYLES

# The colours of Okabe and Ito, as the app has them for runs: the colour-blind tell them apart too.
_LIGHT = ("#0072b2", "#b85c00", "#007a5a", "#a34a7b", "#7a7000", "#9c2a00", "#3f3fbf", "#22262d")
_DARK = ("#56b4e9", "#e69f00", "#20b88c", "#cc79a7", "#f0e442", "#e8703a", "#8e9bff", "#d5d9e2")

_RULES = """
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .6rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.2rem 0 .6rem;padding-bottom:.25rem;border-bottom:1px solid var(--rule)}
h3{font-size:1rem;margin:1.6rem 0 .4rem}
p{margin:.5rem 0;overflow-wrap:anywhere}
blockquote{margin:.8rem 0;padding:.4rem .9rem;border-left:3px solid var(--rule);color:var(--soft)}
.scroll{overflow-x:auto;margin:.7rem 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92em}
th,td{padding:.22rem .7rem;text-align:left;border-bottom:1px solid var(--rule);vertical-align:top}
th{font-weight:600;color:var(--soft);white-space:nowrap}
.r{text-align:right;white-space:nowrap}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
code{background:var(--shade);padding:.1em .3em;border-radius:3px;overflow-wrap:anywhere}
pre{background:var(--shade);padding:.7rem .9rem;margin:.7rem 0;border-radius:4px;white-space:pre-wrap;
overflow-wrap:anywhere}
li{margin:.2rem 0}
footer{margin-top:3rem;color:var(--soft);font-size:.85em}
.plot{display:block;width:100%;height:auto;margin:.9rem 0}
.plot text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--soft)}
.plot .title{font-weight:600;font-size:13px;fill:var(--ink)}
.plot .end{text-anchor:end}
.plot .middle{text-anchor:middle}
.plot .grid{stroke:var(--rule);stroke-width:1;fill:none}
.plot .axis{stroke:var(--soft);stroke-width:1;fill:none}
.plot .edit{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3;fill:none}
.plot .edit-number{font-size:11px}
.plot .line{stroke-width:1.8;fill:none;stroke-linejoin:round}
.plot .fine{stroke-width:1.3}
.plot .band{stroke:none;opacity:.16}
.plot .mark{stroke:var(--paper);stroke-width:.8}
"""
_ON_PAPER = """
@page{margin:16mm}
main{max-width:none;padding:0}
body{font-size:10.5pt}
h2,h3{break-after:avoid}
.plot,table,pre,blockquote{break-inside:avoid}
.scroll{overflow:visible}
table{font-size:8.5pt}
code,pre{background:none;border:1px solid var(--rule)}
"""


def _palette(paper: str, ink: str, soft: str, rule: str, shade: str, series: tuple[str, ...]) -> str:
    names = {"paper": paper, "ink": ink, "soft": soft, "rule": rule, "shade": shade}
    names |= {f"s{number}": colour for number, colour in enumerate(series, 1)}
    return ":root{" + ";".join(f"--{name}:{colour}" for name, colour in names.items()) + "}"


_LIGHT_PALETTE = _palette("#ffffff", "#1d2229", "#59626e", "#d9dde2", "#f3f5f7", _LIGHT)
_DARK_PALETTE = _palette("#15181d", "#dfe3e9", "#98a1ae", "#333a44", "#20252c", _DARK)
_SERIES = "".join(
    f".plot .line.s{number}{{stroke:var(--s{number})}}"
    f".plot .band.s{number},.plot .mark.s{number}{{fill:var(--s{number})}}\n"
    for number in range(1, STYLES + 1)
)

SHEET = (
    f"{_LIGHT_PALETTE}\n:root{{color-scheme:light dark}}\n"
    f"@media screen and (prefers-color-scheme:dark){{{_DARK_PALETTE}}}\n"
    f"{_RULES}{_SERIES}@media print{{{_ON_PAPER}}}\n"
)
