-- How the provider charges for a message, as JSON: its class, never an amount.
alter table messages add column pricing text;
alter table orphan_statuses add column pricing text;
