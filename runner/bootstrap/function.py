# Runs a script as `python3 script args...` would. If it defines a main(context) and does not mention it anywhere else, main is
# called, and what it returns is the result. A script that calls its main itself is left alone.
import ast
import builtins
import json
import os
import sys
import types

ours = sys.modules["__main__"]


def takes_context(function):
    taken = function.args
    positional = len(taken.posonlyargs) + len(taken.args)
    keywords = sum(default is None for default in taken.kw_defaults)
    return positional - len(taken.defaults) == 1 and keywords == 0


def offers_main(tree):
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    mains = [node for node in tree.body if isinstance(node, functions) and node.name == "main"]
    if not mains or not takes_context(mains[-1]):
        return False
    inside = {id(node) for main in mains for node in ast.walk(main)}
    return not any(
        isinstance(node, ast.Name) and node.id == "main" and id(node) not in inside
        for node in ast.walk(tree)
    )


def call(main):
    value = main(json.loads(os.environ.get("KEPTN_CONTEXT") or "{}"))
    if hasattr(value, "__await__"):
        import asyncio

        async def wait():
            return await value

        value = asyncio.run(wait())
    if value is not None:
        keep(value)


# What is no JSON is left for the runner to report: the function has done its work.
def keep(value):
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        text = f"main returned what cannot be written as JSON: {error}".encode(errors="replace")
    with open(result_file, "wb") as file:
        file.write(text)


# A traceback begins in the script, not here.
def hook(kind, error, trace):
    while trace is not None and trace.tb_frame.f_globals is ours.__dict__:
        trace = trace.tb_next
    sys.__excepthook__(kind, error.with_traceback(trace), trace)


result_file = os.environ["KEPTN_RESULT"]
sys.excepthook = hook
path = sys.argv[1]
sys.argv = sys.argv[1:]
if not getattr(sys.flags, "safe_path", False) and not sys.flags.isolated:
    sys.path[0] = os.path.dirname(os.path.abspath(path))
# Where `import sluice` finds its module, after what lies beside the script.
sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "sdk"))
with open(path, "rb") as file:
    tree = compile(file.read(), path, "exec", flags=ast.PyCF_ONLY_AST, dont_inherit=True)
script = types.ModuleType("__main__")
script.__file__ = path
script.__builtins__ = builtins
sys.modules["__main__"] = script
exec(compile(tree, path, "exec", dont_inherit=True), script.__dict__)
if offers_main(tree):
    call(script.__dict__["main"])
