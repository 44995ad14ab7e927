#include "transports/tcp/operation.hpp"

#include <sys/mman.h>

#include "core/error.hpp"

namespace weft::tcp {
namespace {

constexpr std::uint32_t kOperations = 1024;  // of a slab
constexpr std::size_t kPlaces = 128;         // of a mapping

}  // namespace

Pool::Pool() {
  add_operations();
  add_memory();
}

Pool::~Pool() {
  for (void* mapping : mappings_) munmap(mapping, kPlaces * kWhole);
}

void Pool::add_operations() {
  const auto first = static_cast<std::uint32_t>(slabs_.size()) * kOperations;
  slabs_.push_back(std::make_unique<Operation[]>(kOperations));
  for (std::uint32_t i = kOperations; i-- > 0;) {
    Operation& operation = slabs_.back()[i];
    operation.self = first + i;
    release(&operation);
  }
}

void Pool::add_memory() {
  void* const mapping =
      mmap(nullptr, kPlaces * kWhole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) throw TransportError("tcp: no memory for messages that come before their receive");
  mappings_.push_back(mapping);
  free_memory_.reserve(mappings_.size() * kPlaces);
  for (std::size_t i = kPlaces; i-- > 0;) free_memory_.push_back(static_cast<std::byte*>(mapping) + i * kWhole);
}

Operation* Pool::acquire(int peer, int channel, Bytes bytes) {
  if (free_ == nullptr) add_operations();
  Operation* const operation = free_;
  free_ = operation->next;
  operation->channel = static_cast<std::uint16_t>(channel);
  operation->peer = peer;
  operation->bytes = operation->left = bytes;
  operation->offset = 0;
  operation->unconfirmed = 0;
  return operation;
}

void Pool::release(Operation* operation) {
  operation->receives = false;
  operation->next = free_;
  free_ = operation;
}

Operation* Pool::acquire_aside(int peer, int channel, Bytes bytes) {
  if (free_memory_.empty()) add_memory();
  Operation* const operation = acquire(peer, channel, bytes);
  operation->aside = free_memory_.back();
  operation->claimed = nullptr;
  operation->left = head_of(bytes);
  free_memory_.pop_back();
  return operation;
}

void Pool::release_aside(Operation* operation) {
  free_memory_.push_back(operation->aside);
  release(operation);
}

Operation* Pool::find(std::uint32_t token) const {
  const std::size_t slab = token / kOperations;
  return slab < slabs_.size() ? &slabs_[slab][token % kOperations] : nullptr;
}

}  // namespace weft::tcp
