#pragma once
// Connections for DCMTK on which nothing waits. Shows DCMTK's network layer: only for rooms that link it.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/dcmtrans.h>

namespace mi2::dicom {

/// DCMTK, here and in many a peer, writes what a message begins with apart from the rest, which the kernel holds back
/// until that is acknowledged, and acknowledging waits 40 ms for something to go along with: each object took that
/// twice. Neither side waits here.
class PromptConnection : public DcmTCPConnection {
 public:
  explicit PromptConnection(int socket) : DcmTCPConnection(socket) { switch_on(TCP_NODELAY); }

  ssize_t read(void* buffer, size_t size) override {
    switch_on(TCP_QUICKACK);  // the kernel switches it off again
    return DcmTCPConnection::read(buffer, size);
  }

 private:
  /// Without it all is the same, later.
  void switch_on(int option) {
    const int on = 1;
    static_cast<void>(::setsockopt(getSocket(), IPPROTO_TCP, option, &on, sizeof(on)));
  }
};

}  // namespace mi2::dicom
