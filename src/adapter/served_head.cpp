#include "adapter/served_head.hpp"

#include <memory>

#include "adapter/head.hpp"

namespace mi2::heads {

scoring::Head read_served_head(const std::filesystem::path& folder, const std::vector<std::string>& /*labels*/,
                               int /*dimensions*/) {
  const auto head = std::make_shared<const Head>(Head::open(folder));
  return [head](const Embedding& image) {
    const std::vector<double> logits = head->logits(image);
    return std::vector<float>(logits.begin(), logits.end());
  };
}

}  // namespace mi2::heads
