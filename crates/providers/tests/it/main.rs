//! The channels over real HTTP on loopback: against the sandbox, and against canned answers.

mod config;
mod conformance;
mod http;
mod rules;
mod support;
mod whatsapp;
mod zapi;
mod zapperhub;
