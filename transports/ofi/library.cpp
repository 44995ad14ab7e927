#include "transports/ofi/library.hpp"

#include <array>
#include <csignal>
#include <cstddef>

#include <dlfcn.h>
#include <fmt/format.h>

#include "core/error.hpp"

namespace weft::ofi {
namespace {

constexpr const char* kFile = "libfabric.so.1";

/// What providers take to print a backtrace, and then to exit as if the rank had ended by itself.
constexpr std::array kSignals = {SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGINT, SIGTERM};

/// Puts the handlers of now back at its end.
class KeptSignals {
 public:
  KeptSignals() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], nullptr, &before_[i]);
  }
  KeptSignals(const KeptSignals&) = delete;
  KeptSignals& operator=(const KeptSignals&) = delete;
  ~KeptSignals() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
  }

 private:
  std::array<struct sigaction, kSignals.size()> before_{};
};

template <typename Function>
void find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  if (function == nullptr) throw TransportError(fmt::format("ofi: {} has no function {}", kFile, name));
}

Library load() {
  const KeptSignals signals;
  void* const handle = dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw TransportError(fmt::format("ofi: libfabric cannot be loaded: {}", dlerror()));
  Library library{};
  find(handle, "fi_getinfo", library.getinfo);
  find(handle, "fi_freeinfo", library.freeinfo);
  find(handle, "fi_dupinfo", library.dupinfo);
  find(handle, "fi_fabric", library.fabric);
  find(handle, "fi_strerror", library.strerror);
  find(handle, "fi_version", library.version);
  return library;
}

}  // namespace

const Library& library() {
  static const Library loaded = load();
  return loaded;
}

std::string version_of_library() {
  const std::uint32_t version = library().version();
  return fmt::format("libfabric {}.{}", FI_MAJOR(version), FI_MINOR(version));
}

}  // namespace weft::ofi
