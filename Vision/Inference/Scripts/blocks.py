# Blocks of CLIP's towers and of ConvNeXt-V2 on folded weights, over the linear layers and convolutions of onednn.py or aten.py.
# TorchScript in its serialised form; see TorchScriptArchive.cs. Shapes: N images or texts, L tokens, D channels, H heads.
  # The MLP up to its activation. x [..., D] -> [..., 4D]
  def expansion(self: __torch__.Kernels, x: Tensor, quick: bool, ln_weight: Tensor, ln_bias: Tensor, fc_weight: Tensor,
      fc_bias: Tensor) -> Tensor:
    h = torch.layer_norm(x, [torch.size(x, -1)], ln_weight, ln_bias, 1e-05)
    if quick:
      f = self.linear_silu(h, fc_weight, fc_bias)
    else:
      f = self.linear_gelu(h, fc_weight, fc_bias)
    return f

  def mlp(self: __torch__.Kernels, x: Tensor, quick: bool, ln_weight: Tensor, ln_bias: Tensor,
      fc_weight: Tensor, fc_bias: Tensor, proj_weight: Tensor, proj_bias: Tensor) -> Tensor:
    return self.linear_add(self.expansion(x, quick, ln_weight, ln_bias, fc_weight, fc_bias), x, proj_weight, proj_bias)

  # Attention up to its output projection. x [N,L,D] -> [N,L,D]
  def self_attention(self: __torch__.Kernels, x: Tensor, heads: int, causal: bool, ln_weight: Tensor, ln_bias: Tensor,
      in_proj_weight: Tensor, in_proj_bias: Tensor) -> Tensor:
    h = torch.layer_norm(x, [torch.size(x, 2)], ln_weight, ln_bias, 1e-05)
    projected = self.linear(h, in_proj_weight, in_proj_bias)
    N = torch.size(projected, 0)
    L = torch.size(projected, 1)
    D = torch.floordiv(torch.size(projected, 2), 3)
    qkv = torch.permute(torch.view(projected, [N, L, 3, heads, torch.floordiv(D, heads)]), [2, 0, 3, 1, 4])
    a = torch.scaled_dot_product_attention(torch.select(qkv, 0, 0), torch.select(qkv, 0, 1), torch.select(qkv, 0, 2), None, 0., causal)
    return torch.reshape(torch.transpose(a, 1, 2), [N, L, D])

  def attention_block(self: __torch__.Kernels, x: Tensor, heads: int, causal: bool, quick: bool,
      ln_1_weight: Tensor, ln_1_bias: Tensor, in_proj_weight: Tensor, in_proj_bias: Tensor, out_proj_weight: Tensor, out_proj_bias: Tensor,
      ln_2_weight: Tensor, ln_2_bias: Tensor, c_fc_weight: Tensor, c_fc_bias: Tensor, c_proj_weight: Tensor, c_proj_bias: Tensor) -> Tensor:
    attended = self.self_attention(x, heads, causal, ln_1_weight, ln_1_bias, in_proj_weight, in_proj_bias)
    x1 = self.linear_add(attended, x, out_proj_weight, out_proj_bias)
    return self.mlp(x1, quick, ln_2_weight, ln_2_bias, c_fc_weight, c_fc_bias, c_proj_weight, c_proj_bias)

  # One query a head: keys and values are never made. With q Wk = p, q . k = p . x, and the attended values are (attention x) Wv.
  # query [N,D]; x [N,L,D]; bias [N,1,L], added to the scores; key [H,D/H,D]; value [H,D,D/H]
  def single_query(self: __torch__.Kernels, query: Tensor, x: Tensor, bias: Tensor, key: Tensor, value: Tensor, value_bias: Tensor) -> Tensor:
    N = torch.size(x, 0)
    D = torch.size(x, 2)
    heads = torch.size(key, 0)
    depth = torch.size(key, 1)
    q = torch.transpose(torch.view(query, [N, heads, depth]), 0, 1)
    p = torch.mul(torch.transpose(torch.matmul(q, key), 0, 1), torch.pow(depth, -0.5))
    tokens = torch.to(x, 6)
    scores = torch.add(torch.matmul(torch.to(p, 6), torch.transpose(tokens, 1, 2)), bias)
    mixed = torch.to(torch.matmul(torch.softmax(scores, -1), tokens), ops.prim.dtype(x))
    v = torch.matmul(torch.transpose(mixed, 0, 1), value)
    return torch.add(torch.reshape(torch.transpose(v, 0, 1), [N, D]), value_bias)

  # The last block for one token a row: the only one that pooling looks at. positions [N]
  def pooled_attention_block(self: __torch__.Kernels, x: Tensor, positions: Tensor, causal: bool, quick: bool,
      ln_1_weight: Tensor, ln_1_bias: Tensor, query_weight: Tensor, query_bias: Tensor, key: Tensor, value: Tensor, value_bias: Tensor,
      out_proj_weight: Tensor, out_proj_bias: Tensor, ln_2_weight: Tensor, ln_2_bias: Tensor,
      c_fc_weight: Tensor, c_fc_bias: Tensor, c_proj_weight: Tensor, c_proj_bias: Tensor) -> Tensor:
    L = torch.size(x, 1)
    D = torch.size(x, 2)
    h = torch.layer_norm(x, [D], ln_1_weight, ln_1_bias, 1e-05)
    index = torch.expand(torch.view(positions, [-1, 1, 1]), [-1, 1, D])
    q = self.linear(torch.squeeze(torch.gather(h, 1, index), 1), query_weight, query_bias)
    later = torch.gt(torch.unsqueeze(torch.arange(L, dtype=4, device=ops.prim.device(x)), 0), torch.unsqueeze(positions, 1))
    bias = torch.zeros([1, 1, L], dtype=6, device=ops.prim.device(x))
    if causal:
      bias = torch.masked_fill(bias, torch.unsqueeze(later, 1), -inf)
    else:
      pass
    attended = self.single_query(q, h, bias, key, value, value_bias)
    x1 = self.linear_add(attended, torch.squeeze(torch.gather(x, 1, index), 1), out_proj_weight, out_proj_bias)
    return self.mlp(x1, quick, ln_2_weight, ln_2_bias, c_fc_weight, c_fc_bias, c_proj_weight, c_proj_bias)

  # images [N,3,R,R] -> [N, patches + 1, D]; the patch convolution is a linear layer over each patch's pixels
  def patch_embedding(self: __torch__.Kernels, images: Tensor, patch: int, conv1: Tensor, conv1_bias: Tensor, class_embedding: Tensor,
      positional_embedding: Tensor, ln_weight: Tensor, ln_bias: Tensor) -> Tensor:
    N = torch.size(images, 0)
    grid = torch.floordiv(torch.size(images, 2), patch)
    side = torch.mul(grid, patch)
    cropped = torch.narrow(torch.narrow(images, 2, 0, side), 3, 0, side)
    split = torch.permute(torch.reshape(cropped, [N, 3, grid, patch, grid, patch]), [0, 2, 4, 1, 3, 5])
    x = self.linear(torch.reshape(split, [N, torch.mul(grid, grid), torch.mul(torch.mul(3, patch), patch)]), conv1, conv1_bias)
    D = torch.size(x, 2)
    tokens = torch.cat([torch.expand(class_embedding, [N, 1, D]), x], 1)
    return torch.layer_norm(torch.add_(tokens, positional_embedding), [D], ln_weight, ln_bias, 1e-05)

  # tokens [N,L] -> [N,L,D]
  def token_embedding(self: __torch__.Kernels, tokens: Tensor, embedding: Tensor, positional_embedding: Tensor) -> Tensor:
    return torch.add_(torch.embedding(embedding, tokens), torch.narrow(positional_embedding, 0, 0, torch.size(tokens, 1)))

  # x [N,D] -> [N,E]
  def head(self: __torch__.Kernels, x: Tensor, eps: float, ln_weight: Tensor, ln_bias: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return self.linear(torch.layer_norm(x, [torch.size(x, -1)], ln_weight, ln_bias, eps), weight, bias)

  # images [N,3,R,R], channels last -> [N,R/4,R/4,width]. Between blocks pixels are rows of channels: 1x1 convolutions are linear layers.
  def resnet_stem(self: __torch__.Kernels, x: Tensor, conv1_weight: Tensor, conv1_bias: Tensor, conv2_weight: Tensor, conv2_bias: Tensor,
      conv3_weight: Tensor, conv3_bias: Tensor) -> Tensor:
    x1 = self.conv_relu(x, conv1_weight, conv1_bias, 1, 2)
    x2 = self.conv_relu(x1, conv2_weight, conv2_bias, 1, 1)
    x3 = self.conv_relu(x2, conv3_weight, conv3_bias, 1, 1)
    return torch.permute(torch.avg_pool2d(x3, [2, 2]), [0, 2, 3, 1])

  # x [N,H,W,C]
  def conv3x3_relu(self: __torch__.Kernels, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.permute(self.conv_relu(torch.permute(x, [0, 3, 1, 2]), weight, bias, 1, 1), [0, 2, 3, 1])

  # x [N,H,W,C] -> [N,H/stride,W/stride,C]
  def anti_alias(self: __torch__.Kernels, x: Tensor, stride: int) -> Tensor:
    if torch.gt(stride, 1):
      y = torch.permute(torch.avg_pool2d(torch.permute(x, [0, 3, 1, 2]), [stride, stride]), [0, 2, 3, 1])
    else:
      y = x
    return y

  def bottleneck(self: __torch__.Kernels, x: Tensor, conv1_weight: Tensor, conv1_bias: Tensor, conv2_weight: Tensor, conv2_bias: Tensor,
      conv3_weight: Tensor, conv3_bias: Tensor) -> Tensor:
    y = self.conv3x3_relu(self.linear_relu(x, conv1_weight, conv1_bias), conv2_weight, conv2_bias)
    return torch.relu_(self.linear_add(y, x, conv3_weight, conv3_bias))

  def bottleneck_downsample(self: __torch__.Kernels, x: Tensor, stride: int, conv1_weight: Tensor, conv1_bias: Tensor,
      conv2_weight: Tensor, conv2_bias: Tensor, conv3_weight: Tensor, conv3_bias: Tensor, downsample_weight: Tensor,
      downsample_bias: Tensor) -> Tensor:
    y = self.conv3x3_relu(self.linear_relu(x, conv1_weight, conv1_bias), conv2_weight, conv2_bias)
    identity = self.linear(self.anti_alias(x, stride), downsample_weight, downsample_bias)
    return torch.relu_(self.linear_add(self.anti_alias(y, stride), identity, conv3_weight, conv3_bias))

  # x [N,grid,grid,D] -> [N,E]; the mean token asks all positions
  def attention_pool(self: __torch__.Kernels, x: Tensor, positional_embedding: Tensor, query_weight: Tensor, query_bias: Tensor,
      key: Tensor, value: Tensor, value_bias: Tensor, c_proj_weight: Tensor, c_proj_bias: Tensor) -> Tensor:
    positions = torch.flatten(x, 1, 2)
    tokens = torch.add(torch.cat([torch.mean(positions, [1], True), positions], 1), positional_embedding)
    q = self.linear(torch.select(tokens, 1, 0), query_weight, query_bias)
    bias = torch.zeros([1, 1, 1], dtype=6, device=ops.prim.device(x))
    return self.linear(self.single_query(q, tokens, bias, key, value, value_bias), c_proj_weight, c_proj_bias)

  def channel_norm(self: __torch__.Kernels, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    normed = torch.layer_norm(torch.permute(x, [0, 2, 3, 1]), [torch.size(x, 1)], weight, bias, 1e-06)
    return torch.permute(normed, [0, 3, 1, 2])

  # x [N,3,R,R], channels last -> [N,D,R/4,R/4]
  def convnext_stem(self: __torch__.Kernels, x: Tensor, conv_weight: Tensor, conv_bias: Tensor, ln_weight: Tensor, ln_bias: Tensor) -> Tensor:
    return self.channel_norm(self.conv(x, conv_weight, conv_bias, 0, 4, 1), ln_weight, ln_bias)

  def convnext_downsample(self: __torch__.Kernels, x: Tensor, ln_weight: Tensor, ln_bias: Tensor, conv_weight: Tensor,
      conv_bias: Tensor) -> Tensor:
    return self.conv(self.channel_norm(x, ln_weight, ln_bias), conv_weight, conv_bias, 0, 2, 1)

  # x [N,C,H,W], channels last -> [N,H,W,C]
  def depthwise_norm(self: __torch__.Kernels, x: Tensor, dwconv_weight: Tensor, dwconv_bias: Tensor, norm_weight: Tensor,
      norm_bias: Tensor) -> Tensor:
    C = torch.size(x, 1)
    y = torch.permute(self.conv(x, dwconv_weight, dwconv_bias, 3, 1, C), [0, 2, 3, 1])
    return torch.layer_norm(y, [C], norm_weight, norm_bias, 1e-06)

  # GRN's beta is in pwconv2's bias. x [N,C,H,W], channels last
  def convnext_block(self: __torch__.Kernels, x: Tensor, dwconv_weight: Tensor, dwconv_bias: Tensor, norm_weight: Tensor, norm_bias: Tensor,
      pwconv1_weight: Tensor, pwconv1_bias: Tensor, gamma: Tensor, pwconv2_weight: Tensor, pwconv2_bias: Tensor) -> Tensor:
    h = self.depthwise_norm(x, dwconv_weight, dwconv_bias, norm_weight, norm_bias)
    f = self.linear_gelu(h, pwconv1_weight, pwconv1_bias)
    energy = self.channel_energy(f)
    share = torch.div(energy, torch.add(torch.mean(energy, [-1], True), 1e-06))
    scaled = torch.mul_(f, torch.to(torch.add(torch.mul(share, gamma), 1), ops.prim.dtype(f)))
    o = self.linear_add(scaled, torch.permute(x, [0, 2, 3, 1]), pwconv2_weight, pwconv2_bias)
    return torch.permute(o, [0, 3, 1, 2])

  # x [N,D,H,W] -> [N,D]
  def pooled_norm(self: __torch__.Kernels, x: Tensor, eps: float, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.layer_norm(torch.mean(x, [2, 3]), [torch.size(x, 1)], weight, bias, eps)
