//! One suite of checks that every store passes.
