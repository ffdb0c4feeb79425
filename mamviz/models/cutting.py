"""Removing output channels of an extractor for good, back through the layers that only feed them.

The extractor is followed from its end (torch.fx): elementwise layers, batch norms, depthwise convolutions and sums are
cut and passed through, a dense convolution is cut and ends the way. A channel that something else reads as well, such
as a residual block's input that its shortcut shares with its convolutions, stays, and is left out only where it would
meet removed ones.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp
from torch.nn import functional

# What works on each channel by itself and has no weights of a channel.
CHANNELWISE_MODULES: tuple[type[nn.Module], ...] = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.ELU,
    nn.GELU,
    nn.SiLU,
    nn.Hardswish,
    nn.Hardtanh,
    nn.Sigmoid,
    nn.Tanh,
    nn.Identity,
    nn.Dropout,
    nn.Dropout2d,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.ZeroPad2d,
    nn.Upsample,
)
CHANNELWISE_FUNCTIONS: frozenset[Callable[..., Any] | str] = frozenset(
    {
        torch.relu,
        torch.sigmoid,
        torch.tanh,
        functional.relu,
        functional.gelu,
        functional.silu,
        functional.max_pool2d,
        functional.avg_pool2d,
        functional.dropout,
        operator.add,
        operator.iadd,
        operator.mul,
        operator.sub,
        operator.truediv,
        torch.add,
        torch.mul,
        "relu",
        "relu_",
        "sigmoid",
        "contiguous",
        "add",
        "mul",
    }
)
# What the cut extractor may differ by, as a share of its largest feature: sums of fewer channels in another order.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Producers:
    """The convolutions and batch norms whose output channels are the features' own."""

    convolutions: tuple[nn.Conv2d, ...]
    norms: tuple[nn.BatchNorm2d, ...]


@dataclass
class _Way:
    """What is met from the features back: modules that are cut, and edges on which channels are left out."""

    convolutions: list[nn.Conv2d] = field(default_factory=list)
    norms: list[nn.BatchNorm2d] = field(default_factory=list)
    selected: list[fx.Node] = field(default_factory=list)
    edges: set[tuple[fx.Node, fx.Node]] = field(default_factory=set)


class Cut(fx.GraphModule):
    """An extractor as a graph; buffers that its makers don't save are not saved, in copies neither."""

    def __deepcopy__(self, memo: Any) -> fx.GraphModule:
        """Return a copy, whose buffers a plain graph would all save."""
        copied: fx.GraphModule = super().__deepcopy__(memo)
        _save_as(self, copied)
        return copied


class Selected(nn.Module):
    """An extractor that can't be followed: it computes all its channels, and some are left out."""

    index: Tensor

    def __init__(self, extractor: nn.Module, kept: Sequence[int]) -> None:
        super().__init__()
        self.extractor = extractor
        self.register_buffer("index", torch.tensor(list(kept)), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return F (N, C, H, W)."""
        return torch.index_select(self.extractor(x), 1, self.index)


def cut_channels(extractor: nn.Module, kept: Sequence[int], *, size: int) -> nn.Module:
    """Return an extractor whose features are the channels `kept` of the given one's, in that order.

    size   side of the images in pixels

    A copy: the given one stays as it is. What was cut is tried on images of noise; where the features
    differ, or the code can't be followed (its way depends on the image, or on whether it trains), all channels are
    computed as before and the others left out (`Selected`).
    """
    extractor = copy.deepcopy(extractor)
    traced = _trace(extractor, size)
    way = None if traced is None else _follow(traced)
    if traced is not None and way is not None:
        whole = copy.deepcopy(extractor)
        _cut(traced, way, kept)
        if _agree(whole, traced, kept, size):
            return traced
        extractor = whole
    return Selected(extractor, kept)


def find_producers(extractor: nn.Module, *, size: int) -> Producers:
    """Return the layers whose output channels are the features' own; none where the extractor can't be followed.

    A sum (a residual block's end) has several; only those that nothing else reads are found.
    """
    traced = _trace(extractor, size)
    way = None if traced is None else _follow(traced)
    return Producers(tuple(way.convolutions), tuple(way.norms)) if way is not None else Producers((), ())


def _trace(extractor: nn.Module, size: int) -> fx.GraphModule | None:
    """Return the extractor as a graph that shares its modules; None where training and inference go different ways."""
    training = {module: module.training for module in extractor.modules()}
    try:
        learning = fx.Tracer().trace(extractor.train())
        traced = Cut(extractor, fx.Tracer().trace(extractor.eval()))
    except Exception:  # a user's code may raise anything when it is handed a proxy
        return None
    finally:
        for module, mode in training.items():
            module.training = mode
    if str(learning) != str(traced.graph):
        return None
    with torch.no_grad():
        ShapeProp(traced.eval()).propagate(_draw_noise(extractor, size))
    traced.train(extractor.training)
    _save_as(extractor, traced)
    return traced


def _save_as(source: nn.Module, traced: nn.Module) -> None:
    """Save those buffers alone that the source saves."""
    for name, module in traced.named_modules():
        unsaved = source.get_submodule(name)._non_persistent_buffers_set
        module._non_persistent_buffers_set |= unsaved & set(module._buffers)


def _follow(traced: fx.GraphModule) -> _Way | None:
    """Go from the end to the start; a node is cut where all that read it want it cut. None where channels get lost."""
    way = _Way()
    nodes = list(traced.graph.nodes)
    output = nodes[-1]
    n_channels = _channels(output.args[0])
    way.edges.add((output.args[0], output))
    for node in reversed(nodes[:-1]):
        wanting = [user for user in node.users if (node, user) in way.edges]
        if not wanting or _channels(node) == 1 != n_channels:  # one number for all channels is for the kept ones too
            continue
        if _channels(node) != n_channels:
            return None
        if len(wanting) < len(node.users) or not _pass(traced, node, way):
            way.selected.append(node)
    return way


def _pass(traced: fx.GraphModule, node: fx.Node, way: _Way) -> bool:
    """Note what is cut at a node and ask the same of what it reads; False where channels can't be cut here."""
    if node.op == "call_module":
        module = traced.get_submodule(str(node.target))
        if sum(other.target == node.target for other in traced.graph.nodes if other.op == "call_module") > 1:
            return False
        if isinstance(module, nn.Conv2d):
            depthwise = module.groups == module.in_channels == module.out_channels
            if not depthwise and module.groups > 1:
                return False
            way.convolutions.append(module)
            if depthwise and module.groups > 1:
                _ask(node, way)
            return True
        if isinstance(module, nn.BatchNorm2d):
            way.norms.append(module)
        elif not isinstance(module, CHANNELWISE_MODULES):
            return False
    elif node.op not in ("call_function", "call_method") or node.target not in CHANNELWISE_FUNCTIONS:
        return False
    _ask(node, way)
    return True


def _ask(node: fx.Node, way: _Way) -> None:
    for source in node.all_input_nodes:
        way.edges.add((source, node))


def _cut(traced: fx.GraphModule, way: _Way, kept: Sequence[int]) -> None:
    index = torch.tensor(list(kept))
    for convolution in way.convolutions:
        cut_convolution(convolution, index)
    for norm in way.norms:
        _cut_norm(norm, index)
    name = f"kept_{len(traced._buffers)}"  # an extractor that was cut before has one
    if way.selected:
        traced.register_buffer(name, index, persistent=False)
    for node in way.selected:
        readers = [user for user in node.users if (node, user) in way.edges]
        with traced.graph.inserting_after(node):
            place = traced.graph.get_attr(name)
        with traced.graph.inserting_after(place):
            chosen = traced.graph.call_function(torch.index_select, (node, 1, place))
        for reader in readers:
            reader.replace_input_with(node, chosen)
    traced.graph.lint()
    traced.recompile()


def cut_convolution(convolution: nn.Conv2d, index: Tensor) -> None:
    """Leave a convolution the outputs `index`; a depthwise one the inputs, too."""
    index = index.to(convolution.weight.device)
    convolution.weight = nn.Parameter(convolution.weight.detach()[index].clone())
    if convolution.bias is not None:
        convolution.bias = nn.Parameter(convolution.bias.detach()[index].clone())
    convolution.out_channels = len(index)
    if convolution.groups > 1:
        convolution.in_channels = convolution.groups = len(index)


def _cut_norm(norm: nn.BatchNorm2d, index: Tensor) -> None:
    for name in ("weight", "bias"):
        value = getattr(norm, name)
        if value is not None:
            setattr(norm, name, nn.Parameter(value.detach()[index.to(value.device)].clone()))
    for name in ("running_mean", "running_var"):
        value = getattr(norm, name)
        if value is not None:
            setattr(norm, name, value[index.to(value.device)].clone())
    norm.num_features = len(index)


@torch.no_grad()
def _agree(whole: nn.Module, cut: nn.Module, kept: Sequence[int], size: int) -> bool:
    """Tell whether the cut extractor's features are the kept ones of the whole."""
    noise = _draw_noise(whole, size)
    training = cut.training
    expected, got = whole.eval()(noise)[:, list(kept)], cut.eval()(noise)
    whole.train(training)
    cut.train(training)
    scale = max(float(expected.abs().max()), 1e-30)
    return expected.shape == got.shape and float((expected - got).abs().max()) <= TOLERANCE * scale


def _draw_noise(extractor: nn.Module, size: int) -> Tensor:
    """Return two images of noise, of the extractor's type and on its device."""
    noise = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return noise.to(next(extractor.parameters(), noise))


def _channels(node: Any) -> int:
    """Return the size of a value's channel axis; 0 where it has none."""
    meta = node.meta.get("tensor_meta") if isinstance(node, fx.Node) else None
    shape = tuple(getattr(meta, "shape", ()))
    return int(shape[1]) if len(shape) == 4 else 0
