#include "plugins/load.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>

#include "core/text.hpp"
#include "plugins/plugin.hpp"

namespace weft {

namespace {

/// Names that stand for others where one could be given.
constexpr std::string_view kWordsOfFlags[] = {kNative, "all", "auto"};

/// A text that somebody else has written into a field of fixed length.
template <std::size_t N>
std::string text_of(const char (&field)[N]) {
  const std::string text(field, strnlen(field, N));
  const bool printable = std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isprint(c) != 0; });
  return printable ? text : "?";
}

std::string describe(const PluginAbi& abi) {
  return fmt::format("weft {}, headers {}, C++ ABI {}/{}/{}/{}", text_of(abi.version), text_of(abi.headers),
                     abi.compiler, abi.string, abi.vector, abi.function);
}

void require_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) throw UsageError("there is no such file");
  if (!std::filesystem::is_regular_file(path, ignored)) throw UsageError("is no file: a shared library is needed");
}

/// One that the loader would map; others it refuses itself.
bool is_library(const Elf64_Ehdr& header) {
  constexpr unsigned char kOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
         header.e_ident[EI_DATA] == kOrder && header.e_phentsize == sizeof(Elf64_Phdr);
}

/// The loader maps segments without looking whether the file has them, and dies of SIGBUS where it has not.
void require_whole(const std::filesystem::path& path) {
  const std::uint64_t size = std::filesystem::file_size(path);
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header{};
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header) || !is_library(header)) return;
  file.seekg(static_cast<std::streamoff>(header.e_phoff));
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (!file.read(reinterpret_cast<char*>(&segment), sizeof segment))
      throw UsageError(fmt::format("is cut short: it ends at {} bytes, within its program headers", size));
    if (segment.p_type == PT_LOAD && (segment.p_filesz > size || segment.p_offset > size - segment.p_filesz))
      throw UsageError(fmt::format("is cut short: it has {} bytes, and {} bytes of it are to be loaded from {} on",
                                   size, segment.p_filesz, segment.p_offset));
  }
}

void* open_library(const std::filesystem::path& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library != nullptr) return library;
  const std::string why = dlerror();
  if (why.find("undefined symbol") != std::string::npos)
    throw UsageError(
        fmt::format("needs what this weft and its libraries do not have ({}): build it with the headers of "
                    "this weft, and link it with the libraries it uses",
                    why));
  throw UsageError(fmt::format("cannot be loaded as a shared library ({})", why));
}

/// The plugin in the library, of which nothing but its ABI has been read.
const Plugin& find_plugin(void* library) {
  const void* const symbol = dlsym(library, "weft_plugin");
  if (symbol == nullptr) throw UsageError("is no plugin of weft's: it has no symbol 'weft_plugin'");
  const auto& abi = *static_cast<const PluginAbi*>(symbol);
  constexpr PluginAbi kOurs = plugin_abi();
  if (std::memcmp(abi.mark, kOurs.mark, sizeof abi.mark) != 0)
    throw UsageError("is no plugin of weft's: its symbol 'weft_plugin' is something else");
  if (abi != kOurs)
    throw UsageError(fmt::format("was built for {}, and this is {}: build it with the headers of this weft",
                                 describe(abi), describe(kOurs)));
  return *static_cast<const Plugin*>(symbol);
}

std::string missing_function(const Transport& entry) {
  return !entry.refuses ? "refuses" : !entry.create ? "create" : "";
}
std::string missing_function(const Algorithm& entry) {
  return !entry.refuses ? "refuses" : !entry.build ? "build" : !entry.wire_bytes ? "wire_bytes" : "";
}
std::string missing_function(const Pattern& entry) { return !entry.plan ? "plan" : ""; }

bool is_name(const std::string& name) {
  const auto is_letter = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
  };
  return !name.empty() && name.front() != '-' && std::all_of(name.begin(), name.end(), is_letter) &&
         std::find(std::begin(kWordsOfFlags), std::end(kWordsOfFlags), name) == std::end(kWordsOfFlags);
}

/// The entries' keys; what the registries would not notice is refused here.
template <typename Entry>
std::vector<std::string> checked_keys(const std::vector<Entry>& entries) {
  std::vector<std::string> keys;
  for (const Entry& entry : entries) {
    if (!is_name(entry.name))
      throw UsageError(
          fmt::format("brings an entry named '{}': a name is of letters, digits, '_', '-' and '.', and not {}",
                      entry.name, fmt::join(kWordsOfFlags, ", ")));
    if (const std::string missing = missing_function(entry); !missing.empty())
      throw UsageError(fmt::format("brings an entry '{}' without its function '{}'", entry.key(), missing));
    keys.push_back(entry.key());
  }
  return keys;
}

LoadedPlugin add_entries(const Plugin& plugin) {
  if (plugin.entries == nullptr) throw UsageError("has no function 'entries'");
  PluginEntries entries = plugin.entries();
  LoadedPlugin loaded{.path = {},
                      .version = plugin.version != nullptr ? plugin.version : "",
                      .transports = checked_keys(entries.transports),
                      .algorithms = checked_keys(entries.algorithms),
                      .patterns = checked_keys(entries.patterns)};
  transports::extend(std::move(entries.transports));
  collectives::extend(std::move(entries.algorithms));
  patterns::extend(std::move(entries.patterns));
  return loaded;
}

}  // namespace

LoadedPlugin load_plugin(const std::string& path) {
  try {
    require_file(path);
    require_whole(path);
    const std::filesystem::path file = std::filesystem::absolute(path);
    LoadedPlugin loaded = add_entries(find_plugin(open_library(file)));
    loaded.path = file.lexically_normal().string();
    return loaded;
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", path, error.what()));
  } catch (const std::exception& error) {
    throw UsageError(fmt::format("{}: fails when it is loaded: {}", path, error.what()));
  } catch (...) {
    throw UsageError(fmt::format("{}: fails when it is loaded: it throws what is no std::exception", path));
  }
}

}  // namespace weft
