// Times a CT series of 512 x 512 files of 16 bits, generated, from files to display images, and beside it DCMTK alone
// reading the samples of the same files, slice by slice in turn, each on one thread; then mi2 with a thread per core,
// as `mi2 embed` prepares files. The images are compared with those that PS3.3 C.11.2.1.2 gives of DCMTK's samples, one
// at a time. Prints JSON.
//
//   mi2_ct_series SLICES ROUNDS [FOLDER]

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sys/resource.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "embedder/preparer.hpp"

namespace mi2::embedder {
namespace {

constexpr int kSide = 512;
constexpr std::size_t kSamples = std::size_t{kSide} * kSide;

/// What a series was written with: stored bits and sign differ between makers, windows between protocols.
struct Kind {
  const char* name;
  unsigned stored;
  bool is_signed;
  double intercept;
  double center;
  double width;
};

constexpr Kind kKinds[] = {
    {"12 bits, soft tissue", 12, false, -1024, 40, 400},
    {"12 bits, lung", 12, false, -1024, -600, 1500},
    {"16 bits signed, all values", 16, true, 0, 1024, 4096},
};

void need(const OFCondition& condition, const char* what) {
  if (condition.bad()) throw Error(Code::kBadFile, fmt::format("{}: {}", what, condition.text()));
}

/// Air, a body with noise, and bone.
std::vector<std::uint16_t> samples_of(const Kind& kind, std::uint32_t slice) {
  std::mt19937 random(slice);
  std::vector<std::uint16_t> samples(kSamples);
  for (std::size_t i = 0; i < kSamples; ++i) {
    const double x = static_cast<double>(i % kSide) - kSide / 2.0;
    const double y = static_cast<double>(i / kSide) - kSide / 2.0;
    const double radius = std::hypot(x, y * 1.3);
    const double noise = static_cast<double>(random() % 64) - 32;
    const double hounsfield = std::clamp(radius > 230   ? noise - 990
                                         : radius > 200 ? 700 + noise * 20
                                                        : 40 + noise,
                                         -1024.0, 3071.0);
    samples[i] = static_cast<std::uint16_t>(static_cast<std::int32_t>(hounsfield - kind.intercept));
  }
  return samples;
}

void write_slice(const std::filesystem::path& path, const Kind& kind, std::uint32_t slice) {
  DcmFileFormat file;
  DcmDataset& data = *file.getDataset();
  need(data.putAndInsertString(DCM_SOPClassUID, UID_CTImageStorage), "SOPClassUID");
  need(data.putAndInsertString(DCM_SOPInstanceUID, fmt::format("1.2.826.0.1.3680043.8.498.{}", slice + 1).c_str()),
       "SOPInstanceUID");
  need(data.putAndInsertString(DCM_Modality, "CT"), "Modality");
  need(data.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2"), "PhotometricInterpretation");
  const auto put = [&](const DcmTagKey& tag, unsigned value) {
    need(data.putAndInsertUint16(tag, static_cast<Uint16>(value)), "a number");
  };
  put(DCM_SamplesPerPixel, 1);
  put(DCM_Rows, kSide);
  put(DCM_Columns, kSide);
  put(DCM_BitsAllocated, 16);
  put(DCM_BitsStored, kind.stored);
  put(DCM_HighBit, kind.stored - 1);
  put(DCM_PixelRepresentation, kind.is_signed ? 1 : 0);
  need(data.putAndInsertString(DCM_RescaleSlope, "1"), "RescaleSlope");
  need(data.putAndInsertString(DCM_RescaleIntercept, fmt::format("{}", kind.intercept).c_str()), "RescaleIntercept");
  need(data.putAndInsertString(DCM_WindowCenter, fmt::format("{}", kind.center).c_str()), "WindowCenter");
  need(data.putAndInsertString(DCM_WindowWidth, fmt::format("{}", kind.width).c_str()), "WindowWidth");
  const std::vector<std::uint16_t> samples = samples_of(kind, slice);
  need(data.putAndInsertUint16Array(DCM_PixelData, samples.data(), samples.size()), "PixelData");
  need(file.saveFile(path.c_str(), EXS_LittleEndianExplicit), "saving");
}

image::Image decode(const std::filesystem::path& path) {
  const ImageOptions options;
  const std::vector<std::byte> bytes = read_image(path, options.max_file_bytes);
  return open_source(bytes, path.string(), options)->read(0);
}

/// DCMTK's samples while they are there.
void read_with_dcmtk(const std::filesystem::path& path, const std::function<void(std::span<const Uint16>)>& use) {
  DcmFileFormat file;
  need(file.loadFile(path.c_str()), "DCMTK");
  const Uint16* samples = nullptr;
  unsigned long count = 0;
  need(file.getDataset()->findAndGetUint16Array(DCM_PixelData, samples, &count), "DCMTK");
  use({samples, count});
}

std::uint8_t shade(const Kind& kind, Uint16 sample) {
  const double stored = kind.is_signed ? static_cast<double>(static_cast<Sint16>(sample)) : static_cast<double>(sample);
  const double x = stored + kind.intercept;
  if (x <= kind.center - 0.5 - (kind.width - 1) / 2) return 0;
  if (x > kind.center - 0.5 + (kind.width - 1) / 2) return 255;
  return static_cast<std::uint8_t>(std::floor(((x - (kind.center - 0.5)) / (kind.width - 1) + 0.5) * 255 + 0.5));
}

void check(const std::filesystem::path& path, const Kind& kind) {
  const image::Image image = decode(path);
  read_with_dcmtk(path, [&](std::span<const Uint16> samples) {
    bool same = samples.size() == kSamples && image.samples.size() == kSamples && image.warnings.empty();
    for (std::size_t i = 0; same && i < kSamples; ++i) same = image.samples[i] == shade(kind, samples[i]);
    if (!same) throw Error(Code::kInternal, fmt::format("{}: other shades than the standard's", kind.name));
  });
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

template <typename Work>
double milliseconds(Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

long page_faults() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

nlohmann::json run(const Kind& kind, std::uint32_t slices, int rounds, const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (std::uint32_t slice = 0; slice < slices; ++slice) {
    paths.push_back(folder / fmt::format("{}.dcm", slice));
    write_slice(paths.back(), kind, slice);
    check(paths.back(), kind);
  }
  std::vector<double> mi2;
  std::vector<double> all_cores;
  std::vector<double> dcmtk;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  long faults = 0;
  for (int round = 0; round < rounds; ++round) {
    const long before = page_faults();
    mi2.push_back(milliseconds([&] {
      for (const auto& path : paths) static_cast<void>(decode(path));
    }));
    faults += page_faults() - before;
    all_cores.push_back(milliseconds([&] {
      std::atomic<std::size_t> next{0};
      std::vector<std::jthread> threads;
      for (unsigned core = 0; core < cores; ++core) {
        threads.emplace_back([&] {
          for (std::size_t i = next++; i < paths.size(); i = next++) static_cast<void>(decode(paths[i]));
        });
      }
    }));
    dcmtk.push_back(milliseconds([&] {
      for (const auto& path : paths) read_with_dcmtk(path, [](std::span<const Uint16>) {});
    }));
  }
  return {{"series", kind.name},
          {"mi2_ms_per_slice", median(mi2) / slices},
          {"dcmtk_ms_per_slice", median(dcmtk) / slices},
          {"ratio", median(mi2) / median(dcmtk)},
          {"cores", cores},
          {"mi2_all_cores_ms_per_slice", median(all_cores) / slices},
          {"ratio_all_cores", median(all_cores) / median(dcmtk)},
          {"page_faults_per_slice", static_cast<double>(faults) / rounds / slices}};
}

}  // namespace
}  // namespace mi2::embedder

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::cerr << "mi2_ct_series SLICES ROUNDS [FOLDER]\n";
    return 2;
  }
  const std::filesystem::path above = argc == 4 ? argv[3] : std::filesystem::temp_directory_path();
  std::string folder = (above / "mi2-ct-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    std::cerr << "mi2_ct_series: no folder can be made in " << above << '\n';
    return 1;
  }
  int status = 0;
  try {
    nlohmann::json report = nlohmann::json::array();
    const auto slices = static_cast<std::uint32_t>(std::max(1, std::stoi(argv[1])));
    for (const mi2::embedder::Kind& kind : mi2::embedder::kKinds) {
      report.push_back(mi2::embedder::run(kind, slices, std::max(1, std::stoi(argv[2])), folder));
    }
    std::cout << report.dump(1) << '\n';
  } catch (const std::exception& error) {
    std::cerr << "mi2_ct_series: " << error.what() << '\n';
    status = 1;
  }
  std::filesystem::remove_all(folder);
  return status;
}
