//! The open and due indexes.
