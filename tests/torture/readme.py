"""`python -m tests.torture.readme`: README's table of faults, from the page of the last full tier."""

from pathlib import Path

RESULTS = Path(__file__).parent / "results.md"
README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- faults -->", "<!-- /faults -->"


def with_table(readme: str, page: str) -> str:
    """Return README's text with the page's date, versions and table between the two comments."""
    before, _, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert end, f"README.md has no place for the table of faults: {BEGIN} … {END}"
    body = page.partition("\n")[2].strip()
    return f"{before}{BEGIN}\n\n{body}\n\n{END}{after}"


if __name__ == "__main__":
    README.write_text(
        with_table(README.read_text(encoding="utf-8"), RESULTS.read_text(encoding="utf-8")), encoding="utf-8"
    )
