"""Modules: layers with parameters, activations, losses, initialisers.

A line below is all that a new one needs beside its class: the tables are read off these imports, and what is chosen by
name, the reference and the tests read the tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinygrad_lab import refusals
from tinygrad_lab.nn import init as init
from tinygrad_lab.nn.activations import CELU as CELU
from tinygrad_lab.nn.activations import ELU as ELU
from tinygrad_lab.nn.activations import GELU as GELU
from tinygrad_lab.nn.activations import SELU as SELU
from tinygrad_lab.nn.activations import Identity as Identity
from tinygrad_lab.nn.activations import LeakyReLU as LeakyReLU
from tinygrad_lab.nn.activations import LogSigmoid as LogSigmoid
from tinygrad_lab.nn.activations import Mish as Mish
from tinygrad_lab.nn.activations import ReLU as ReLU
from tinygrad_lab.nn.activations import Sigmoid as Sigmoid
from tinygrad_lab.nn.activations import SiLU as SiLU
from tinygrad_lab.nn.activations import Softplus as Softplus
from tinygrad_lab.nn.activations import Softsign as Softsign
from tinygrad_lab.nn.activations import Tanh as Tanh
from tinygrad_lab.nn.activations import Tanhshrink as Tanhshrink
from tinygrad_lab.nn.attention import MultiheadAttention as MultiheadAttention
from tinygrad_lab.nn.buffer import Buffer as Buffer
from tinygrad_lab.nn.cells import GRUCell as GRUCell
from tinygrad_lab.nn.cells import LSTMCell as LSTMCell
from tinygrad_lab.nn.cells import RNNCell as RNNCell
from tinygrad_lab.nn.containers import ModuleDict as ModuleDict
from tinygrad_lab.nn.containers import ModuleList as ModuleList
from tinygrad_lab.nn.containers import Sequential as Sequential
from tinygrad_lab.nn.conv import Conv1D as Conv1D
from tinygrad_lab.nn.conv import Conv2D as Conv2D
from tinygrad_lab.nn.conv import ConvTranspose1D as ConvTranspose1D
from tinygrad_lab.nn.conv import ConvTranspose2D as ConvTranspose2D
from tinygrad_lab.nn.embedding import Embedding as Embedding
from tinygrad_lab.nn.embedding import LearnedEncoding as LearnedEncoding
from tinygrad_lab.nn.embedding import SinusoidalEncoding as SinusoidalEncoding
from tinygrad_lab.nn.function import Activation as Activation
from tinygrad_lab.nn.function import Function as Function
from tinygrad_lab.nn.function import Lambda as Lambda
from tinygrad_lab.nn.gates import GLU as GLU
from tinygrad_lab.nn.gates import LogSoftmax as LogSoftmax
from tinygrad_lab.nn.gates import PReLU as PReLU
from tinygrad_lab.nn.gates import Softmax as Softmax
from tinygrad_lab.nn.layers import Dropout as Dropout
from tinygrad_lab.nn.layers import Dropout1D as Dropout1D
from tinygrad_lab.nn.layers import Dropout2D as Dropout2D
from tinygrad_lab.nn.layers import Linear as Linear
from tinygrad_lab.nn.likelihoods import CTCLoss as CTCLoss
from tinygrad_lab.nn.likelihoods import GaussianNLLLoss as GaussianNLLLoss
from tinygrad_lab.nn.likelihoods import PoissonNLLLoss as PoissonNLLLoss
from tinygrad_lab.nn.losses import BCELoss as BCELoss
from tinygrad_lab.nn.losses import BCEWithLogitsLoss as BCEWithLogitsLoss
from tinygrad_lab.nn.losses import CrossEntropyLoss as CrossEntropyLoss
from tinygrad_lab.nn.losses import HuberLoss as HuberLoss
from tinygrad_lab.nn.losses import KLDivLoss as KLDivLoss
from tinygrad_lab.nn.losses import L1Loss as L1Loss
from tinygrad_lab.nn.losses import Loss as Loss
from tinygrad_lab.nn.losses import MSELoss as MSELoss
from tinygrad_lab.nn.losses import NLLLoss as NLLLoss
from tinygrad_lab.nn.losses import SmoothL1Loss as SmoothL1Loss
from tinygrad_lab.nn.margins import CosineEmbeddingLoss as CosineEmbeddingLoss
from tinygrad_lab.nn.margins import HingeEmbeddingLoss as HingeEmbeddingLoss
from tinygrad_lab.nn.margins import MarginRankingLoss as MarginRankingLoss
from tinygrad_lab.nn.margins import MultiMarginLoss as MultiMarginLoss
from tinygrad_lab.nn.margins import SoftMarginLoss as SoftMarginLoss
from tinygrad_lab.nn.margins import TripletMarginLoss as TripletMarginLoss
from tinygrad_lab.nn.module import Module as Module
from tinygrad_lab.nn.normalisation import GroupNorm as GroupNorm
from tinygrad_lab.nn.normalisation import LayerNorm as LayerNorm
from tinygrad_lab.nn.normalisation import RMSNorm as RMSNorm
from tinygrad_lab.nn.pairs import Bilinear as Bilinear
from tinygrad_lab.nn.pairs import CosineSimilarity as CosineSimilarity
from tinygrad_lab.nn.pairs import PairwiseDistance as PairwiseDistance
from tinygrad_lab.nn.piecewise import Hardshrink as Hardshrink
from tinygrad_lab.nn.piecewise import Hardsigmoid as Hardsigmoid
from tinygrad_lab.nn.piecewise import Hardswish as Hardswish
from tinygrad_lab.nn.piecewise import Hardtanh as Hardtanh
from tinygrad_lab.nn.piecewise import ReLU6 as ReLU6
from tinygrad_lab.nn.piecewise import Softshrink as Softshrink
from tinygrad_lab.nn.pooling import AdaptiveAvgPool1D as AdaptiveAvgPool1D
from tinygrad_lab.nn.pooling import AdaptiveAvgPool2D as AdaptiveAvgPool2D
from tinygrad_lab.nn.pooling import AdaptiveMaxPool1D as AdaptiveMaxPool1D
from tinygrad_lab.nn.pooling import AdaptiveMaxPool2D as AdaptiveMaxPool2D
from tinygrad_lab.nn.pooling import AvgPool1D as AvgPool1D
from tinygrad_lab.nn.pooling import AvgPool2D as AvgPool2D
from tinygrad_lab.nn.pooling import MaxPool1D as MaxPool1D
from tinygrad_lab.nn.pooling import MaxPool2D as MaxPool2D
from tinygrad_lab.nn.pooling import Upsample as Upsample
from tinygrad_lab.nn.recurrent import GRU as GRU
from tinygrad_lab.nn.recurrent import LSTM as LSTM
from tinygrad_lab.nn.recurrent import RNN as RNN
from tinygrad_lab.nn.shapes import Flatten as Flatten
from tinygrad_lab.nn.shapes import PixelShuffle as PixelShuffle
from tinygrad_lab.nn.shapes import PixelUnshuffle as PixelUnshuffle
from tinygrad_lab.nn.shapes import Unflatten as Unflatten
from tinygrad_lab.nn.statistics import BatchNorm1D as BatchNorm1D
from tinygrad_lab.nn.statistics import BatchNorm2D as BatchNorm2D
from tinygrad_lab.nn.statistics import BatchNorm3D as BatchNorm3D
from tinygrad_lab.nn.statistics import InstanceNorm1D as InstanceNorm1D
from tinygrad_lab.nn.statistics import InstanceNorm2D as InstanceNorm2D
from tinygrad_lab.nn.statistics import InstanceNorm3D as InstanceNorm3D
from tinygrad_lab.nn.transformer import Transformer as Transformer
from tinygrad_lab.nn.transformer import TransformerDecoder as TransformerDecoder
from tinygrad_lab.nn.transformer import TransformerEncoder as TransformerEncoder
from tinygrad_lab.nn.transformer_layers import TransformerDecoderLayer as TransformerDecoderLayer
from tinygrad_lab.nn.transformer_layers import TransformerEncoderLayer as TransformerEncoderLayer
from tinygrad_lab.nn.volumes import AdaptiveAvgPool3D as AdaptiveAvgPool3D
from tinygrad_lab.nn.volumes import AdaptiveMaxPool3D as AdaptiveMaxPool3D
from tinygrad_lab.nn.volumes import AvgPool3D as AvgPool3D
from tinygrad_lab.nn.volumes import Conv3D as Conv3D
from tinygrad_lab.nn.volumes import ConvTranspose3D as ConvTranspose3D
from tinygrad_lab.nn.volumes import MaxPool3D as MaxPool3D

_MODULES = [kind for _, kind in sorted(vars().items()) if isinstance(kind, type) and issubclass(kind, Module)]

#: The elementwise ones, by the name of their function.
ACTIVATIONS: dict[str, type[Activation]] = {
    kind.function.__name__: kind for kind in _MODULES if issubclass(kind, Activation) and kind is not Activation
}
#: By the name of their function, shorter.
LOSSES: dict[str, type[Loss]] = {
    kind.function.__name__.removesuffix("_loss").replace("binary_cross_entropy", "bce"): kind
    for kind in _MODULES
    if issubclass(kind, Loss) and kind is not Loss
}
#: All others that a network is made of, by their own names.
LAYERS: dict[str, type[Module]] = {
    kind.__name__: kind
    for kind in _MODULES
    if not issubclass(kind, Activation | Loss) and kind not in (Module, Function)
}

__all__ = ["ACTIVATIONS", "LAYERS", "LOSSES", "Buffer", "init", *(kind.__name__ for kind in _MODULES)]

if not TYPE_CHECKING:
    __getattr__ = refusals.names.of_package(__name__, lambda: __all__)
