#pragma once
// libjpeg's errors: a jump out of it, and nothing printed. For the sources that call libjpeg.

#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

namespace mi2::image {

/// Functions that libjpeg may leave by longjmp own nothing that needs a destructor.
struct JpegErrors {
  jpeg_error_mgr base{};  // first: libjpeg hands back a pointer to it
  std::jmp_buf jump{};
};

inline void init_errors(JpegErrors& errors) {
  jpeg_std_error(&errors.base);
  errors.base.error_exit = [](j_common_ptr info) { std::longjmp(reinterpret_cast<JpegErrors*>(info->err)->jump, 1); };
  errors.base.output_message = [](j_common_ptr) {};
}

}  // namespace mi2::image
