// Schema steps on PostgreSQL.
#pragma once
#include "storage/database.hpp"

namespace xinyi::storage {
/// Applies what is missing with the owner's role, puts every table with a school_id under forced row-level security and
/// gives the application's role its four rights, nothing else. OperatorError as Database::migrate.
void migrate_postgres(const PostgresOptions& options, std::span<const Migration> migrations);
}  // namespace xinyi::storage
