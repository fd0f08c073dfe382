#include "adapter/fit.hpp"

namespace mi2::adapter {

base::Linked<Fitter>& fitter() noexcept {
  static base::Linked<Fitter> chosen;
  return chosen;
}

Fitted fit(const AdapterDescription& shape, const Samples& train, const Samples& validation, const FitOptions& options,
           const base::OnProgress& on_progress) {
  const Fitter compute =
      fitter().get("training needs libtorch, and this program was built without it (MI2_WITH_TORCH)");
  return compute(shape, train, validation, options, on_progress);
}

}  // namespace mi2::adapter
