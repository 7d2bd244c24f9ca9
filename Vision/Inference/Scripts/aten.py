# Linear layers and convolutions through torch's own operators: for GPUs, and for CPUs or number formats without oneDNN.
# TorchScript in its serialised form; see TorchScriptArchive.cs.
  def pack_linear(self: __torch__.Kernels, w: Tensor, rows: int) -> Tensor:
    return torch.contiguous(w)

  def pack_conv(self: __torch__.Kernels, w: Tensor, padding: int, stride: int, groups: int, channels: int, side: int) -> Tensor:
    return torch.contiguous(w, memory_format=2)

  def linear(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return torch.linear(x, w, b)

  def linear_add(self: __torch__.Kernels, x: Tensor, residual: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return torch.add_(torch.linear(x, w, b), residual)

  def linear_relu(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return torch.relu_(torch.linear(x, w, b))

  def linear_silu(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return torch.silu_(torch.linear(x, w, b))

  def linear_gelu(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return torch.gelu_(torch.linear(x, w, b), approximate="none")

  def conv(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor, padding: int, stride: int, groups: int) -> Tensor:
    return torch.conv2d(x, w, b, [stride, stride], [padding, padding], [1, 1], groups)

  def conv_relu(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor, padding: int, stride: int) -> Tensor:
    return torch.relu_(torch.conv2d(x, w, b, [stride, stride], [padding, padding], [1, 1], 1))

  # Norms over the pixels of [N,H,W,C], in float32: squares leave float16's range.
  def channel_energy(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return torch.linalg_vector_norm(x, 2, [1, 2], True, dtype=6)
