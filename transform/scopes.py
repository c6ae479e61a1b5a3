"""Which names a function binds."""

from __future__ import annotations

import libcst as cst


def target_names(target: cst.CSTNode) -> list[str]:
    """The names that an assignment target binds, left to right."""
    if isinstance(target, cst.Name):
        return [target.value]
    elements = target.elements if isinstance(target, cst.Tuple | cst.List) else ()
    return [name for element in elements for name in target_names(element.value)]


class _LocalNames(cst.CSTVisitor):
    """Names that a function binds; inner functions and comprehensions keep theirs to themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self.names.update(target_names(node.target))

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self.names.update(target_names(node.target))

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        self.names.update(target_names(node.target))

    def visit_For(self, node: cst.For) -> None:
        self.names.update(target_names(node.target))

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.names.add(node.name.value)
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def visit_ImportAlias(self, node: cst.ImportAlias) -> bool:
        self.names.add(node.evaluated_alias or node.evaluated_name.split(".")[0])
        return False


def local_names(node: cst.FunctionDef | cst.Lambda) -> frozenset[str]:
    """The names that are local to a function: its parameters and what it assigns."""
    visitor = _LocalNames()
    node.body.visit(visitor)
    params = node.params
    every = [*params.posonly_params, *params.params, *params.kwonly_params]
    if isinstance(params.star_arg, cst.Param):
        every.append(params.star_arg)
    if params.star_kwarg is not None:
        every.append(params.star_kwarg)
    return frozenset(visitor.names | {p.name.value for p in every})
