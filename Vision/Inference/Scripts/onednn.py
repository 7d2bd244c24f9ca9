# Linear layers and convolutions through oneDNN: weights in oneDNN's own layout, bias, activation and residual fused into the product.
# TorchScript in its serialised form; see TorchScriptArchive.cs.
  # oneDNN 3.7 on a Zen 5 loses rows of float32 weights whose channels do not fill its blocks: what does not unpack to itself stays plain.
  def sound(self: __torch__.Kernels, w: Tensor, packed: Tensor) -> Tensor:
    if torch.equal(torch.to_dense(packed), w):
      kept = packed
    else:
      kept = w
    return kept

  def pack_linear(self: __torch__.Kernels, w: Tensor, rows: int) -> Tensor:
    return self.sound(w, ops.mkldnn._reorder_linear_weight(w, rows))

  def pack_conv(self: __torch__.Kernels, w: Tensor, padding: int, stride: int, groups: int, channels: int, side: int) -> Tensor:
    return self.sound(w, ops.mkldnn._reorder_convolution_weight(w, [padding, padding], [stride, stride], [1, 1], groups, [1, channels, side, side]))

  def linear(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return ops.mkldnn._linear_pointwise(x, w, b, "none", [], "")

  def linear_add(self: __torch__.Kernels, x: Tensor, residual: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return ops.mkldnn._linear_pointwise(x, residual, w, b, "add")

  def linear_relu(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return ops.mkldnn._linear_pointwise(x, w, b, "relu", [], "")

  def linear_silu(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return ops.mkldnn._linear_pointwise(x, w, b, "swish", [], "")

  def linear_gelu(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return ops.mkldnn._linear_pointwise(x, w, b, "gelu", [], "none")

  def conv(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor, padding: int, stride: int, groups: int) -> Tensor:
    return ops.mkldnn._convolution_pointwise(x, w, b, [padding, padding], [stride, stride], [1, 1], groups, "none", [], "")

  def conv_relu(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor, padding: int, stride: int) -> Tensor:
    return ops.mkldnn._convolution_pointwise(x, w, b, [padding, padding], [stride, stride], [1, 1], 1, "relu", [], "")

  # Norms over the pixels of [N,H,W,C], as a root of a square sum: on a CPU several times faster than vector_norm.
  def channel_energy(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return torch.sqrt(torch.sum(torch.mul(x, x), [1, 2], True, dtype=6))
