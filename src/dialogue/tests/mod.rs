//! The dialogue as a whole: transcripts row by row, properties over any events, a desk under load.

mod calendar;
mod desk;
mod follow;
mod form;
mod format;
mod people;
mod plain;
mod props;
mod routing;
mod rows;
mod safety;
mod sim;
mod support;
mod ticket;
