"""Checks docs/ against the source: error codes, frames, settings, metrics, constants, links, schemas and examples."""

import re
import sys
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate as validate_openapi

ROOT = Path(__file__).resolve().parent.parent
ASYNCAPI = "asyncapi.yaml"
problems: list[str] = []


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def same(what: str, source: set[str], where: str, documented: set[str]) -> None:
    for name in sorted(source - documented):
        problems.append(f"{where}: {what} {name} is in the source but not documented")
    for name in sorted(documented - source):
        problems.append(f"{where}: {what} {name} is documented but not in the source")


def block(source: str, head: str) -> str:
    """The body of a Rust item that starts with `head` and ends with a brace in the first column."""
    return source.split(head + " {", 1)[1].split("\n}", 1)[0]


def variants(source: str, enum: str) -> set[str]:
    return {snake(v) for v in re.findall(r"^    ([A-Z]\w*)\b", block(source, f"pub enum {enum}"), re.M)}


def first_cells(text: str, pattern: str) -> set[str]:
    """What the first cells of a document's tables hold in backticks."""
    return set(re.findall(rf"^\| `({pattern})` \|", text, re.M))


def method(source: str, name: str) -> str:
    """The body of a method, which ends with a brace in the fifth column."""
    return source.split(f"pub fn {name}(", 1)[1].split("\n    }", 1)[0]


def section(text: str, heading: str) -> str:
    return text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def payload_type(api: dict, message: dict) -> str:
    payload = message["payload"]
    if "$ref" in payload:
        payload = api["components"]["schemas"][payload["$ref"].rsplit("/", 1)[1]]
    return payload["properties"]["type"]["const"]


def wire() -> None:
    source, protocol = read("src/wire.rs"), read("docs/protocol.md")
    api = yaml.safe_load(read("docs/" + ASYNCAPI))
    codes = variants(source, "ErrorCode")
    same("error code", codes, "docs/protocol.md", first_cells(section(protocol, "Error codes"), "[a-z_]+"))
    retried = set(map(snake, re.findall(r"ErrorCode::(\w+)", method(source, "retry"))))
    said = set(re.findall(r"^\| `([a-z_]+)` \|.*\| yes \|$", protocol, re.M))
    same("code with retry", retried, "docs/protocol.md", said)
    same("error code", codes, "docs/asyncapi.yaml", set(api["components"]["schemas"]["ErrorCode"]["enum"]))
    closes = set(re.findall(r"=> (4\d{3}),", source))
    documented = {code for code in first_cells(protocol, r"\d{4}") if code.startswith("4")}
    same("close code", closes, "docs/protocol.md", documented)
    for enum in ("ClientFrame", "ServerFrame", "DeskClientFrame", "DeskServerFrame"):
        found = {
            payload_type(api, message)
            for name, message in api["components"]["messages"].items()
            if name.startswith(enum + ".")
        }
        same(f"{enum} type", variants(source, enum), "docs/asyncapi.yaml", found)


def examples() -> None:
    """Every message of the AsyncAPI document has examples, all of them valid, and belongs to a channel."""
    api = yaml.safe_load(read("docs/" + ASYNCAPI))
    for name, message in api["components"]["messages"].items():
        # The components come along so that references find them.
        validator = Draft202012Validator({**message["payload"], "components": api["components"]})
        if not message.get("examples"):
            problems.append(f"docs/asyncapi.yaml: message {name} has no example")
        for example in message.get("examples", []):
            for error in validator.iter_errors(example["payload"]):
                problems.append(f"docs/asyncapi.yaml: example of {name}: {error.message}")
    used = {
        ref["$ref"].rsplit("/", 1)[1]
        for channel in api["channels"].values()
        for ref in channel["messages"].values()
    }
    same("message", set(api["components"]["messages"]), "channels of docs/asyncapi.yaml", used)


def refs(name: str) -> None:
    document = yaml.safe_load(read("docs/" + name))

    def walk(node) -> None:
        if isinstance(node, dict):
            if None in node.values():
                problems.append(f"docs/{name}: an empty value among {sorted(map(str, node))} (a comma to be quoted?)")
            if isinstance(node.get("$ref"), str):
                at = document
                for part in node["$ref"].removeprefix("#/").split("/"):
                    at = at.get(part) if isinstance(at, dict) else None
                if at is None:
                    problems.append(f"docs/{name}: {node['$ref']} leads nowhere")
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(document)


def settings() -> None:
    source, operating = read("src/config.rs"), read("docs/operating.md")
    keys = set()

    def collect(prefix: str, body: str, nested: str | None) -> None:
        for field, kind in re.findall(r"^    pub (\w+): ([\w:<>]+),", body, re.M):
            if kind == "ThresholdSettings" and nested:
                collect(f"{prefix}{field}.", nested, None)
            else:
                keys.add(prefix + field)

    thresholds = block(read("src/dialogue/script.rs"), "pub struct ThresholdSettings")
    for name, kind in re.findall(r"^    pub (\w+): (\w+),", block(source, "pub struct Config"), re.M):
        collect(f"{name}.", block(source, f"pub struct {kind}"), thresholds)
    rows = re.findall(r"^\| `([a-z_]+(?:\.[a-z_]+)+)` \|.*\| `(FAXUN_\w+)` \|$", operating, re.M)
    same("setting", keys, "docs/operating.md", {key for key, _ in rows})
    for key, env in rows:
        wanted = "FAXUN_" + key.replace(".", "__").upper()
        if env != wanted:
            problems.append(f"docs/operating.md: {key} is {wanted} in the environment, not {env}")


def metrics() -> None:
    sources = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "src").rglob("*.rs"))
    names = set(re.findall(r'register(?:_with_unit)?\(\s*"(faxun_\w+)"', sources))
    documented = first_cells(section(read("docs/operating.md"), "Metrics"), r"faxun_\w+")
    same("metric", names, "docs/operating.md", {re.sub(r"_(total|seconds)$", "", n) for n in documented})


def constants() -> None:
    sources = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "src").rglob("*.rs"))
    known = set(re.findall(r"\bconst ([A-Z][A-Z0-9_]+)\b", sources))
    for path in sorted((ROOT / "docs").glob("*.md")):
        for name in sorted(set(re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`", path.read_text(encoding="utf-8")))):
            if not name.startswith("FAXUN_") and name not in known:
                problems.append(f"docs/{path.name}: there is no constant {name}")


def links() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                problems.append(f"{path.relative_to(ROOT)}: {target} does not exist")


def main() -> int:
    refs(ASYNCAPI)
    refs("openapi.yaml")
    validate_openapi(yaml.safe_load(read("docs/openapi.yaml")))
    for check in (wire, examples, settings, metrics, constants, links):
        check()
    for problem in problems:
        print(problem)
    print(f"documents: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
