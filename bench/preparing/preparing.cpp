// Times how images become a model's pixels, by format and stage, on one thread. The pixels are compared with those of
// the plain way first: every step by itself, with a real JPEG in between. Prints JSON.
//
//   mi2_preparing PROFILE SIZE ROUNDS PATH...

#include <algorithm>
#include <array>
#include <cstdint>
#include <iostream>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "dicom/dicom.hpp"
#include "embedder/inputs.hpp"
#include "embedder/preparer.hpp"
#include "image/image.hpp"
#include "image/jpeg.hpp"
#include "image/options.hpp"
#include "image/resize.hpp"

namespace mi2::embedder {
namespace {

struct File {
  std::string path;
  std::string format;
  std::vector<std::byte> bytes;
  std::vector<double> decode;  ///< seconds of each round
  std::vector<double> preprocess;
};

std::string format_of(std::span<const std::byte> bytes) {
  const auto first = std::to_integer<unsigned>(bytes.front());
  if (dicom::looks_like_dicom(bytes)) return "DICOM";
  if (first == 0x89) return "PNG";
  if (first == 0xFF) return "JPEG";
  return first == 'R' ? "WebP" : "TIFF";
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Three channels throughout, and what a JPEG holds written and read.
std::vector<std::uint8_t> the_plain_way(const File& file, const ImageOptions& options, int size) {
  const std::unique_ptr<image::Source> source = open_source(file.bytes, file.path, options);
  image::Raster raster = image::to_three_channels(image::to_source(source->read(source->middle()), {}));
  if (options.profile == Profile::kAzure) {
    image::Raster square = image::resize_bicubic(raster, options.azure_size, options.azure_size);
    const auto jpeg = image::encode_jpeg({square.width, square.height, square.samples}, options.azure_quality);
    image::Image decoded = image::decode_jpeg(jpeg, {}, file.path);
    raster = {decoded.width, decoded.height, 3, std::move(decoded.samples)};
  }
  return image::resize_bicubic(raster, size, size).samples;
}

/// Whether the two ways are to give the same: alpha and palettes are resized in their own way before the JPEG.
bool is_plain(const File& file, const ImageOptions& options) {
  const std::unique_ptr<image::Source> source = open_source(file.bytes, file.path, options);
  const image::Mode mode = source->read(source->middle()).mode;
  return options.profile == Profile::kRaw || mode == image::Mode::kGrey || mode == image::Mode::kRgb;
}

std::vector<File> read_files(std::span<const std::string> paths) {
  std::vector<File> files;
  for (const Input& input : expand_paths(paths).inputs) {
    if (input.error) throw Error(*input.error);
    File file{input.path, {}, base::read_file(input.path, std::uint64_t{1} << 30), {}, {}};
    file.format = format_of(file.bytes);
    files.push_back(std::move(file));
  }
  return files;
}

nlohmann::json report_of(std::span<const File* const> files) {
  double decode = 0;
  double preprocess = 0;
  for (const File* file : files) {
    decode += median(file->decode);
    preprocess += median(file->preprocess);
  }
  const auto count = static_cast<double>(files.size());
  return {{"images", files.size()},
          {"images_per_s", count / (decode + preprocess)},
          {"decode_ms", decode / count * 1e3},
          {"preprocess_ms", preprocess / count * 1e3}};
}

nlohmann::json run(const ImageOptions& options, int size, int rounds, std::vector<File> files) {
  const Preparer preparer(options);
  std::vector<std::byte> pixels;
  std::size_t compared = 0;
  for (const File& file : files) {
    const Pixels found = preparer.prepare(file.bytes, file.path, size, size);
    const auto bytes = std::as_bytes(std::span(found.samples));
    pixels.insert(pixels.end(), bytes.begin(), bytes.end());
    if (!is_plain(file, options)) continue;
    if (found.samples != the_plain_way(file, options, size)) {
      throw Error(Code::kInternal, fmt::format("{}: other pixels than the plain way's", file.path));
    }
    ++compared;
  }
  for (int round = 0; round < rounds; ++round) {
    for (File& file : files) {
      const PrepareTimes times = preparer.prepare_timed(file.bytes, file.path, size, size).times;
      file.decode.push_back(times.decode);
      file.preprocess.push_back(times.preprocess);
    }
  }
  std::map<std::string, std::vector<const File*>> by_format;
  for (const File& file : files) {
    by_format["all"].push_back(&file);
    by_format[file.format].push_back(&file);
  }
  nlohmann::json report = {{"profile", name_of(options.profile)},
                           {"size", size},
                           {"rounds", rounds},
                           {"sha256", base::sha256_hex(pixels)},
                           {"compared", compared}};
  for (const auto& [format, of_format] : by_format) report["formats"][format] = report_of(of_format);
  return report;
}

}  // namespace
}  // namespace mi2::embedder

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() < 4) {
      std::cerr << "mi2_preparing PROFILE SIZE ROUNDS PATH...\n";
      return 2;
    }
    mi2::ImageOptions options;
    options.profile = mi2::parse_profile(arguments[0]);
    const int size = std::stoi(arguments[1]);
    const int rounds = std::max(1, std::stoi(arguments[2]));
    auto files = mi2::embedder::read_files(std::span(arguments).subspan(3));
    std::cout << mi2::embedder::run(options, size, rounds, std::move(files)).dump(1) << '\n';
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "mi2_preparing: " << error.what() << '\n';
    return 1;
  }
}
