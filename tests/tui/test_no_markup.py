"""No widget of Textual that reads markup is handed a string that is not written in the program itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import tui

ROOT = Path(tui.__file__).parent
SOURCES = sorted(ROOT.rglob("*.py"))
READERS = {"Static", "Label", "Button", "Checkbox", "RadioButton", "Select", "Collapsible", "Option", "Tab"}
READERS |= {"OptionList", "SelectionList", "Tree", "DataTable", "Markdown", "Toast", "Tooltip"}
"""Their first argument is markup, unless it is content already."""
MARKED = {"RichLog", "notify"}
"""They read markup only where `markup` says so, or does not say otherwise."""
METHODS = {"update", "add_row", "add_column", "add_option", "add_leaf", "set_options"}
ATTRIBUTES = {"border_title", "border_subtitle", "tooltip", "title", "sub_title", "label", "prompt"}
CONTENT = {"Content", "Text", "Static", "Option", "stylize", "assemble", "join", "truncate", "_prompt"}
OWNERS = {"place", "message", "said", "label", "widget"}
"""What widgets are called where their text is changed."""


def name_of(called: ast.expr) -> str:
    """The last part of what is called."""
    return (
        called.attr
        if isinstance(called, ast.Attribute)
        else called.id
        if isinstance(called, ast.Name)
        else ""
    )


def is_harmless(given: ast.expr, contents: set[str]) -> bool:
    """Whether an argument is a literal, content, or a widget: nothing that could be read as markup."""
    match given:
        case ast.Constant():
            return True
        case ast.Call():
            return name_of(given.func) in CONTENT or name_of(given.func) in contents
        case ast.Name():
            return given.id in contents
        case ast.Starred():
            return is_harmless(given.value, contents)
        case ast.GeneratorExp() | ast.ListComp():
            return is_harmless(given.elt, contents)
        case ast.BinOp(op=ast.Mult()):
            return is_harmless(given.left, contents)
        case ast.List() | ast.Tuple():
            return all(is_harmless(one, contents) for one in given.elts)
        case ast.IfExp():
            return is_harmless(given.body, contents) and is_harmless(given.orelse, contents)
        case _:
            return False


def contents_of(tree: ast.AST) -> set[str]:
    """The names in a module that hold content: assigned from it, annotated so, or functions that make it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_harmless(value, found):
                found.add(name)
            case ast.arg(arg=name, annotation=ast.Name(id="Content")):
                found.add(name)
            case ast.FunctionDef(name=name, returns=ast.Name(id="Content")):
                found.add(name)
            case _:
                pass
    return found


def offences(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every place where a string might be read as markup."""
    tree = ast.parse(source)
    contents = contents_of(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Call() if is_read(node, contents):
                yield node.lineno, ast.unparse(node)
            case ast.Assign() if is_title(node) and not is_harmless(node.value, contents):
                yield node.lineno, ast.unparse(node)
            case _:
                pass


def is_title(assigned: ast.Assign) -> bool:
    """Whether something is assigned to a part of a widget that is read as markup."""
    targets = [one for one in assigned.targets if isinstance(one, ast.Attribute)]
    return any(target.attr in ATTRIBUTES and is_of_widget(target) for target in targets)


def is_read(call: ast.Call, contents: set[str]) -> bool:
    """Whether a call hands over something that may be read as markup."""
    name = name_of(call.func)
    markup = next((one.value for one in call.keywords if one.arg == "markup"), None)
    if isinstance(markup, ast.Constant) and markup.value is False:
        return False
    if name == "from_markup":
        return not all(map(is_our_own, call.args))
    if name in MARKED:
        return not (name == "RichLog" and markup is None)
    reads = name in READERS or (name in METHODS and is_of_widget(call.func))
    return reads and not all(is_harmless(one, contents) for one in call.args)


def is_of_widget(target: ast.expr) -> bool:
    """Whether something is done to a widget, rather than to a set or a table, as far as can be seen."""
    if not isinstance(target, ast.Attribute):
        return False
    owner = target.value
    return name_of(owner.func) == "query_one" if isinstance(owner, ast.Call) else name_of(owner) in OWNERS


def is_our_own(markup: ast.expr) -> bool:
    """Whether markup is put together of literals and of names in the program's own tables alone."""
    names = {part.id for part in ast.walk(markup) if isinstance(part, ast.Name)}
    return isinstance(markup, ast.Constant | ast.JoinedStr) and names <= {"mode", "key", "title"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_string_is_read_as_markup(path: Path) -> None:
    assert not list(offences(path.read_text()))


@pytest.mark.parametrize(
    "line",
    [
        "Static(name)",
        "Static(f'{name}')",
        "yield Label(run.name)",
        "Button('a' + name)",
        "OptionList(*names)",
        "OptionList(*(Option(one.name) for one in rows))",
        "app.notify(name)",
        "app.notify(name, markup=True)",
        "RichLog(markup=True)",
        "self.query_one(Static).update(name)",
        "Content.from_markup(f'[b]{name}[/b]')",
        "self.query_one('#x').border_title = name",
        "Checkbox(str(name))",
    ],
)
def test_a_bare_string_is_found(line: str) -> None:
    assert list(offences(line if "yield" not in line else f"def compose():\n    {line}"))


@pytest.mark.parametrize(
    "line",
    [
        "Static()",
        "Static('words of our own')",
        "Static(Content(name))",
        "Static(Content(name).stylize('bold'))",
        "app.notify(name, markup=False)",
        "Static(name, markup=False)",
        "shown = Content(name)\nStatic(shown)",
        "seen.update(names)",
    ],
)
def test_content_is_left_alone(line: str) -> None:
    assert not list(offences(line))
