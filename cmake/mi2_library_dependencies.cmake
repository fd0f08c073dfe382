# What the library is linked to. Looked for when it is built, and by mi2-config.cmake for who links the static library.

mi2_find_dependency(Threads)
mi2_find_dependency(PkgConfig)
mi2_find_dependency(fmt)
mi2_find_dependency(yaml-cpp)
mi2_find_dependency(OpenSSL COMPONENTS Crypto)
mi2_find_dependency(DNNL)
mi2_find_dependency(GIF)
mi2_find_dependency(JPEG)
mi2_find_dependency(PNG)
mi2_find_dependency(TIFF)
mi2_find_dependency(ZLIB)
mi2_find_dependency(DCMTK)
pkg_check_modules(libdeflate REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
# 2.5 reads High-Throughput JPEG 2000.
pkg_check_modules(openjpeg REQUIRED IMPORTED_TARGET libopenjp2>=2.5)
pkg_check_modules(lcms2 REQUIRED IMPORTED_TARGET lcms2)
pkg_check_modules(webp REQUIRED IMPORTED_TARGET libwebp)
# Animations (their first frame) and the container's alpha flag.
pkg_check_modules(webpdemux REQUIRED IMPORTED_TARGET libwebpdemux)
