// What both engines must do alike.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "storage/database.hpp"

namespace xinyi::storage {

inline constexpr std::chrono::seconds kReadLimit{5};  // how long a read handle may live
inline constexpr std::size_t kGroup = 256;            // jobs in one commit

/// Refuses what only one of the engines could store: text that is not UTF-8 or holds a NUL, numbers that are none.
void check_params(std::span<const Param> params);

/// The steps still to be applied, in order. `applied` is name -> text as stored. OperatorError when the database is newer
/// or an applied step was altered; Bug when two steps bear one name.
std::vector<const Migration*> missing_steps(const std::map<std::string, std::string>& applied,
                                            std::span<const Migration> given);

enum class Engine { sqlite, postgresql };
/// The step's text for one engine: the other's parts are left out, the rest is unchanged.
std::string part_for(Engine engine, std::string_view sql);

/// The same statement in PostgreSQL's words: ?N -> $N, X'00' -> a bytea literal.
std::string postgres_query(std::string_view sql);
/// A schema step in PostgreSQL's words, types included.
std::string postgres_schema(std::string_view sql);

}  // namespace xinyi::storage
