//! The person in groups: who tapped is blanked, what was tapped stays.

use recado_core::ConversationId;
use recado_core::inbound::Contact;
use serde_json::Value;

use super::subject::{DataSubject, person};
use super::{Erasure, GroupScan, MAX_STEP_ROWS};
use crate::prelude::*;
use crate::resources::people::StoredContact;

// By its id a repeated call of the provider is known, which would store the tap once more. WhatsApp writes numbers into
// its ids, so that only a hash stays.
static BLANK_MESSAGES: OverList = OverList::new(
    "update messages set sender = $3, provider_id = null, external_id = n.external \
     from (select {owner} as organization, value ->> 'id' as message, value ->> 'external' as external from \
     {list}) n where organization_id = n.organization and id = n.message",
);

impl Erasure {
    /// Removes the person from more messages or events of groups; returns `false` if no scan was left.
    pub(super) async fn blank_in_groups(&mut self) -> Result<bool> {
        let Some(scan) = self.scans.last().cloned() else {
            return Ok(false);
        };
        let next = match scan {
            GroupScan::Messages(group, at, id) => self.blank_messages(group, at, id).await?,
            GroupScan::Events(group, after) => self.blank_events(group, after).await?,
        };
        self.scans.pop();
        self.scans.extend(next);
        Ok(true)
    }

    async fn blank_messages(
        &mut self,
        group: ConversationId,
        at: i64,
        id: String,
    ) -> Result<Option<GroupScan>> {
        let query = Query::new(
            "select id, sender, external_id, created_at from messages where organization_id = $1 \
             and conversation_id = $2 and (created_at, id) > ($3, $4) \
             order by created_at, id limit $5",
        )
        .id(&self.organization)
        .id(&group)
        .bind(at)
        .bind(id)
        .bind(MAX_STEP_ROWS);
        let (mut theirs, mut next) = (Vec::new(), None);
        for row in &self.store.read_rows(query).await? {
            let columns = Columns::new(row, "messages", "id");
            let id: String = columns.get("id")?;
            let sender: Option<StoredContact> = columns.get("sender")?;
            let sender = sender.and_then(StoredContact::into_contact);
            let at = columns.get("created_at")?;
            if sender.is_some_and(|sender| self.subject.is(&sender, at)) {
                let external: Option<&str> = columns.get("external_id")?;
                let external = external.map(row::erased_id);
                theirs.push(serde_json::json!({ "id": id.clone(), "external": external }));
            }
            next = Some(GroupScan::Messages(
                group.clone(),
                columns.get("created_at")?,
                id,
            ));
        }
        if !theirs.is_empty() {
            let query = over_list(self.store.kind(), &BLANK_MESSAGES)
                .id(&self.organization)
                .json(&theirs)
                .bind(row::json(&StoredContact::from(&Contact::default())));
            self.erased.messages += self.store.write_count(query).await?;
        }
        Ok(next)
    }

    async fn blank_events(
        &mut self,
        group: ConversationId,
        after: i64,
    ) -> Result<Option<GroupScan>> {
        let query = Query::new(
            "select organization_id, seq, created_at, data from events where organization_id = $1 \
             and conversation_id = $2 and seq > $3 order by seq limit $4",
        )
        .id(&self.organization)
        .id(&group)
        .bind(after)
        .bind(MAX_STEP_ROWS);
        let mut next = None;
        for row in &self.store.read_rows(query).await? {
            let seq: i64 = Columns::new(row, "events", "organization_id").get("seq")?;
            if let Some(data) = blanked(row, &self.subject)? {
                let query = Query::new(
                    "update events set data = $3 where organization_id = $1 and seq = $2",
                )
                .id(&self.organization)
                .bind(seq)
                .bind(data.to_string());
                self.erased.events += self.store.write_count(query).await?;
            }
            next = Some(GroupScan::Events(group.clone(), seq));
        }
        Ok(next)
    }
}

/// Returns the data of an event without the person; `None` if it is about another person.
fn blanked(row: &RawRow, subject: &DataSubject) -> Result<Option<Value>> {
    let columns = Columns::new(row, "events", "organization_id");
    let mut data: Value = columns.get("data")?;
    if !subject.is(&person(&data["from"]), columns.get("created_at")?) {
        return Ok(None);
    }
    data["from"] = serde_json::json!(Contact::default());
    data["externalId"] = Value::Null;
    Ok(Some(data))
}
