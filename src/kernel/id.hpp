// One type per kind of id: a student's id cannot be handed in where a case's is expected.
#pragma once
#include <compare>
#include <cstring>
#include <functional>
#include <optional>
#include <string>

#include "kernel/bytes.hpp"

namespace xinyi {

/// 16 bytes, a UUID in text. Version 7 (time-ordered) unless order would betray somebody, then version 4.
template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  explicit constexpr Id(const Fixed<16>& bytes) : bytes_(bytes) {}
  static std::optional<Id> from_bytes(View v) {
    if (v.size() != 16) return std::nullopt;
    Fixed<16> b;
    std::memcpy(b.data(), v.data(), 16);
    return Id(b);
  }
  const Fixed<16>& bytes() const { return bytes_; }
  bool is_nil() const { return bytes_ == Fixed<16>{}; }
  auto operator<=>(const Id&) const = default;

 private:
  Fixed<16> bytes_{};
};

std::string uuid_text(const Fixed<16>& bytes);
std::optional<Fixed<16>> uuid_bytes(std::string_view text);
template <class Tag>
std::string to_text(const Id<Tag>& id) { return uuid_text(id.bytes()); }
template <class Tag>
std::optional<Id<Tag>> id_from_text(std::string_view t) {
  auto b = uuid_bytes(t);
  return b ? std::optional(Id<Tag>(*b)) : std::nullopt;
}

#define XINYI_ID(Name) using Name = ::xinyi::Id<struct Name##Tag>
XINYI_ID(SchoolId);
XINYI_ID(PersonId);
XINYI_ID(ClassId);
XINYI_ID(TermId);
XINYI_ID(RoomId);
XINYI_ID(ShiftId);
XINYI_ID(AppointmentId);
XINYI_ID(CaseId);
XINYI_ID(RecordId);
XINYI_ID(UnitId);
XINYI_ID(GrantId);
XINYI_ID(DeclarationId);
XINYI_ID(UploadId);
/// Keyed pseudonym of a person inside the room's work (trust: HMAC(link key, person id), first 16 bytes).
/// The only form in which a client appears in appointments, cases, grants, outbox and audit.
XINYI_ID(ClientRef);

}  // namespace xinyi

template <class Tag>
struct std::hash<xinyi::Id<Tag>> {
  std::size_t operator()(const xinyi::Id<Tag>& id) const noexcept {
    std::size_t h;
    std::memcpy(&h, id.bytes().data() + 8, sizeof h);
    return h;
  }
};
