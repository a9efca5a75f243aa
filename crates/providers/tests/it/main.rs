//! The channels over real HTTP on loopback: against the sandbox, and against canned answers.

mod config;
mod config_by_hand;
mod conformance;
mod examples;
mod http;
mod list;
mod pasted;
mod rules;
mod support;
mod webhook_registration;
mod webhooks;
mod webhooks_slips;
mod webhooks_url_secret;
mod webhooks_whatsapp;
mod webhooks_whatsapp_number_changes;
mod webhooks_whatsapp_pricing;
mod webhooks_whatsapp_proof;
mod webhooks_wuzapi;
mod webhooks_wuzapi_multipart;
mod webhooks_zapi;
mod webhooks_zapperhub;
mod webhooks_zapperhub_own_messages;
mod whatsapp;
mod zapi;
mod zapperhub;
mod zapperhub_answers;
