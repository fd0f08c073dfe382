#include "slide/openslide_library.hpp"

#include <dlfcn.h>

#include <string>

namespace mi2::slide {
namespace {

struct Found {
  OpenSlideLibrary library;
  bool whole = false;
};

template <typename Function>
bool take(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, (std::string("openslide_") + name).c_str()));
  return function != nullptr;
}

Found find_library() {
  Found found;
  // Not closed: it may have threads and tables of its own.
  void* handle = ::dlopen("libopenslide.so.1", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) handle = ::dlopen("libopenslide.so.0", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return found;
  OpenSlideLibrary& l = found.library;
  found.whole = take(handle, "detect_vendor", l.detect_vendor) && take(handle, "open", l.open) &&
                take(handle, "close", l.close) && take(handle, "get_level_count", l.get_level_count) &&
                take(handle, "get_level_dimensions", l.get_level_dimensions) &&
                take(handle, "get_level_downsample", l.get_level_downsample) &&
                take(handle, "read_region", l.read_region) && take(handle, "get_error", l.get_error) &&
                take(handle, "get_property_value", l.get_property_value);
  if (!take(handle, "get_icc_profile_size", l.get_icc_profile_size) ||
      !take(handle, "read_icc_profile", l.read_icc_profile)) {
    l.get_icc_profile_size = nullptr;
  }
  return found;
}

}  // namespace

const OpenSlideLibrary* openslide_library() {
  static const Found found = find_library();
  return found.whole ? &found.library : nullptr;
}

}  // namespace mi2::slide
