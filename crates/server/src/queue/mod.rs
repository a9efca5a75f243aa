//! The queue: sends messages in their turn and at their time, and again if surely nothing was sent.

mod allowances;
mod attempt;
mod beginning;
mod fair_order;
mod limited;
pub(crate) mod room;
mod waits;
mod worker;

pub(crate) use worker::run;
