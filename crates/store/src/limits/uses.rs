//! How much is used of limits, and how that is stored.

use std::collections::BTreeMap;

use recado_core::capabilities::SendLimit;
use serde::Serialize;

use crate::limits::ask::Ask;
use crate::limits::limited::Limited;
use crate::limits::rules::Use;
use crate::prelude::*;

macro_rules! write_uses {
    ($list:literal) => {
        concat!(
            "insert into send_limits (organization_id, subject, full_at, started_at) \
             select $1, value ->> 'subject', cast(value ->> 'full_at' as bigint), \
             cast(value ->> 'started_at' as bigint) from ",
            $list,
            " where true on conflict (organization_id, subject) do update \
             set full_at = excluded.full_at, started_at = excluded.started_at"
        )
    };
}

pub(super) static WRITE: OverList = OverList::new(write_uses!("{list}"));

/// The same for the changes of a guess, which are `$4`.
pub(crate) const WRITE_GUESS: &str = write_uses!("jsonb_array_elements($4::jsonb)");

#[derive(Serialize)]
pub(super) struct Written<'a> {
    pub(super) subject: &'a str,
    full_at: i64,
    started_at: Option<i64>,
}

/// What is used of the limits of a batch, and what of that changed, in the order in which rows are locked.
#[derive(Default)]
pub(super) struct Uses {
    pub(super) before: BTreeMap<String, Use>,
    pub(super) now: BTreeMap<String, Use>,
}

impl Uses {
    pub(super) fn of(rows: &[RawRow]) -> Result<Self> {
        let mut before = BTreeMap::new();
        for row in rows {
            let columns = Columns::new(row, "send_limits", "subject");
            let used = Use {
                full_at: columns.get("full_at")?,
                started_at: columns.get("started_at")?,
            };
            before.insert(columns.get("subject")?, used);
        }
        let now = before.clone();
        Ok(Self { before, now })
    }

    pub(super) fn used(&self, subject: &str) -> Use {
        self.now.get(subject).copied().unwrap_or(Use::NONE)
    }

    pub(super) fn take(&mut self, ask: &Ask, now: i64) -> Result<Result<(), Limited>> {
        let mut taken = Vec::with_capacity(ask.limits.len());
        let mut limited: Option<(i64, SendLimit)> = None;
        for (limit, subject, rule) in &ask.limits {
            let used = rule.corrected(self.used(subject), now);
            if used != self.used(subject) {
                self.now.insert(subject.clone(), used);
            }
            match rule.take(used, now) {
                Ok(used) => taken.push((subject, used)),
                Err(until) if limited.is_some_and(|(longest, _)| longest >= until) => {}
                Err(until) => limited = Some((until, *limit)),
            }
        }
        if let Some((until, limit)) = limited {
            let until = instant(until)?;
            return Ok(Err(Limited { limit, until }));
        }
        for (subject, used) in taken {
            self.now.insert(subject.clone(), used);
        }
        Ok(Ok(()))
    }

    pub(super) fn changed(&self) -> Vec<Written<'_>> {
        let changed = self.now.iter();
        let changed = changed.filter(|(subject, used)| self.before.get(*subject) != Some(used));
        changed
            .map(|(subject, used)| Written {
                subject,
                full_at: used.full_at,
                started_at: used.started_at,
            })
            .collect()
    }
}

pub(super) fn instant(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| StoreError::Corrupt {
        table: "send_limits",
        column: "full_at",
        id: String::new(),
    })
}
