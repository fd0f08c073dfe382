#include "dimse/dictionary.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include <fmt/format.h>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcdict.h>

#include "base/files.hpp"

namespace mi2::dimse {
namespace {

/// What commands have (PS3.7 annex E), and what is asked of studies, in the form of DCMTK's files.
constexpr std::string_view kCommands =
    "(0000,0000)\tUL\tCommandGroupLength\t1\n"
    "(0000,0002)\tUI\tAffectedSOPClassUID\t1\n"
    "(0000,0003)\tUI\tRequestedSOPClassUID\t1\n"
    "(0000,0100)\tUS\tCommandField\t1\n"
    "(0000,0110)\tUS\tMessageID\t1\n"
    "(0000,0120)\tUS\tMessageIDBeingRespondedTo\t1\n"
    "(0000,0600)\tAE\tMoveDestination\t1\n"
    "(0000,0700)\tUS\tPriority\t1\n"
    "(0000,0800)\tUS\tCommandDataSetType\t1\n"
    "(0000,0900)\tUS\tStatus\t1\n"
    "(0000,0901)\tAT\tOffendingElement\t1-n\n"
    "(0000,0902)\tLO\tErrorComment\t1\n"
    "(0000,0903)\tUS\tErrorID\t1\n"
    "(0000,1000)\tUI\tAffectedSOPInstanceUID\t1\n"
    "(0000,1001)\tUI\tRequestedSOPInstanceUID\t1\n"
    "(0000,1002)\tUS\tEventTypeID\t1\n"
    "(0000,1005)\tAT\tAttributeIdentifierList\t1-n\n"
    "(0000,1008)\tUS\tActionTypeID\t1\n"
    "(0000,1020)\tUS\tNumberOfRemainingSuboperations\t1\n"
    "(0000,1021)\tUS\tNumberOfCompletedSuboperations\t1\n"
    "(0000,1022)\tUS\tNumberOfFailedSuboperations\t1\n"
    "(0000,1023)\tUS\tNumberOfWarningSuboperations\t1\n"
    "(0000,1030)\tAE\tMoveOriginatorApplicationEntityTitle\t1\n"
    "(0000,1031)\tUS\tMoveOriginatorMessageID\t1\n"
    "(0008,0018)\tUI\tSOPInstanceUID\t1\n"
    "(0008,0020)\tDA\tStudyDate\t1\n"
    "(0008,0052)\tCS\tQueryRetrieveLevel\t1\n"
    "(0008,0060)\tCS\tModality\t1\n"
    "(0008,0061)\tCS\tModalitiesInStudy\t1-n\n"
    "(0020,000d)\tUI\tStudyInstanceUID\t1\n"
    "(0020,000e)\tUI\tSeriesInstanceUID\t1\n"
    "(0020,1208)\tIS\tNumberOfStudyRelatedInstances\t1\n"
    "(0020,1209)\tIS\tNumberOfSeriesRelatedInstances\t1\n";

/// DCMTK takes a dictionary of private attributes alone for a dictionary too.
bool knows_commands() {
  const bool known = dcmDataDict.rdlock().findEntry(DCM_CommandField, nullptr) != nullptr;
  dcmDataDict.rdunlock();
  return known;
}

}  // namespace

bool load_dictionary() {
  if (knows_commands()) return true;
  const int descriptor = ::memfd_create("commands.dic", MFD_CLOEXEC);
  if (descriptor < 0) return false;
  bool loaded = base::write_all(descriptor, kCommands);
  if (loaded) {
    const std::string path = fmt::format("/proc/self/fd/{}", descriptor);
    loaded = dcmDataDict.wrlock().loadDictionary(path.c_str());
    dcmDataDict.wrunlock();
  }
  ::close(descriptor);
  return loaded;
}

}  // namespace mi2::dimse
