// SPDX-License-Identifier: BSL-1.0
//
// Everything about properties: the functions that ask for them and the properties of executors. Code
// that compiles often includes what it uses of these headers instead.
//
//   net::require(executor, net::execution::blocking.never).execute(f);
#pragma once

#include "net/execution/properties/allocator.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/blocking_adaptation.h"
#include "net/execution/properties/context.h"
#include "net/execution/properties/context_as.h"
#include "net/execution/properties/inline_exception_handling.h"
#include "net/execution/properties/is_applicable_property.h"
#include "net/execution/properties/mapping.h"
#include "net/execution/properties/occupancy.h"
#include "net/execution/properties/outstanding_work.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/prefer_only.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/relationship.h"
#include "net/execution/properties/require.h"
#include "net/execution/properties/require_concept.h"
#include "net/execution/properties/traits.h"
