//! The edge.

pub mod pages;
