// What other rooms need: write events, read who looked. Sealing and verifying have headers of their own.
#pragma once
#include "audit/event.hpp"
#include "audit/log.hpp"
