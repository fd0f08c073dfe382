#include "ops/torch/recompute.hpp"

#include <memory>
#include <mutex>
#include <utility>

#include <ATen/Context.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>

#include "ops/torch/autocast.hpp"

namespace mi2::ops::torch_ops {
namespace {

using Body = std::function<at::Tensor(at::Tensor)>;

at::Generator generator_of(at::Device device) {
  return at::globalContext().defaultGenerator(device.is_cuda() ? device : at::Device(at::kCPU));
}

at::Tensor random_state(at::Device device) {
  at::Generator generator = generator_of(device);
  const std::lock_guard lock(generator.mutex());
  return generator.get_state();
}

void set_random_state(at::Device device, const at::Tensor& state) {
  at::Generator generator = generator_of(device);
  const std::lock_guard lock(generator.mutex());
  generator.set_state(state);
}

/// What the first run of a body was like, to run it again the same way.
struct Circumstances : torch::CustomClassHolder {
  Body body;
  at::Tensor random;
  at::ScalarType dtype = at::kFloat;  ///< of autocast
};

class Recompute : public torch::autograd::Function<Recompute> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const c10::intrusive_ptr<Circumstances>& first) {
    context->saved_data["first"] = c10::IValue::make_capsule(first);
    context->save_for_backward({x});
    const at::NoGradGuard no_graph;
    return first->body(x);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto capsule = context->saved_data["first"].toCapsule();
    const auto& first = static_cast<const Circumstances&>(*capsule);
    at::Tensor x = context->get_saved_variables().front().detach();
    x.requires_grad_(true);
    const at::Tensor later = random_state(x.device());
    set_random_state(x.device(), first.random);
    at::Tensor y;
    {
      const Autocast autocast(x.device(), first.dtype);
      const at::AutoGradMode with_graph(true);
      y = first.body(x);
    }
    set_random_state(x.device(), later);
    y.backward(gradients.front());
    return {x.grad(), at::Tensor()};
  }
};

}  // namespace

at::Tensor recompute(at::Tensor x, Body body) {
  if (!at::GradMode::is_enabled() || !x.requires_grad()) return body(std::move(x));
  auto first = c10::make_intrusive<Circumstances>();
  first->body = std::move(body);
  first->random = random_state(x.device());
  first->dtype = Autocast::current(x.device());
  return Recompute::apply(x, first);
}

}  // namespace mi2::ops::torch_ops
