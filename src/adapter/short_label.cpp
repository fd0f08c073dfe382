#include "adapter/short_label.hpp"

#include "evaluation/square_plot.hpp"

namespace mi2::adapter {

std::string short_label(std::string_view label) { return evaluation::shortened(label); }

}  // namespace mi2::adapter
