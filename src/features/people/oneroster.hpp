// OneRoster 1.1, CSV binding: what a set of files says.
#pragma once
#include "features/people/model.hpp"
#include "features/people/source.hpp"

namespace xinyi::people {

/// Reads manifest, orgs, academicSessions, classes, users, demographics and enrollments (1EdTech OneRoster 1.1 §4); only
/// users.csv must be there. A row at fault is left out with a finding; rows that only depend on it are left out silently.
/// Unreadable when a file cannot be read as a whole.
Facts read_oneroster(FileSet& files, SchoolDate today, Findings& findings);

}  // namespace xinyi::people
