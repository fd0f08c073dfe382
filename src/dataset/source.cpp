#include "dataset/source.hpp"

namespace mi2::dataset {

std::unique_ptr<ImageStore> open_source(const DataSource& source, std::uint64_t max_file_bytes, RecordSink& sink) {
  switch (source.format) {
    case DataFormat::kManifest:
      return open_manifest(source, max_file_bytes, sink);
    case DataFormat::kTsv:
      return open_tsv(source, max_file_bytes, sink);
    case DataFormat::kZip:
      return open_zip(source, max_file_bytes, sink);
  }
  throw Error(Code::kInternal, "a format of data without a reader");
}

}  // namespace mi2::dataset
