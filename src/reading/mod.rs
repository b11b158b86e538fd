//! Understanding text.

pub mod danger;
pub mod text;
