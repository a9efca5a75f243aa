//! Applying what provider webhooks say, once: together where it works, and in ever smaller parts where not.

pub(crate) mod alerts;
pub(crate) mod calls;
pub(crate) mod filed;
pub(crate) mod item;
pub(crate) mod known_channels;
pub(crate) mod lost_claims;
pub(crate) mod messages;
pub(crate) mod own_messages;
pub(crate) mod resolve;
pub(crate) mod set_aside;
pub(crate) mod statuses;
pub(crate) mod transaction;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use crate::inbound::item::{Application, Applied};
use crate::prelude::*;

type Indexed = (usize, Application);

enum Retry {
    /// Apply these one after the other.
    Halves(Vec<Indexed>, Vec<Indexed>),
    /// Leave it, and go on.
    Skip(Vec<Indexed>),
    /// Leave it and all that waits: the database does not work at present.
    Stop(Vec<Indexed>),
}

impl Store {
    /// Applies what calls say; each call whole or not at all, the results in the order of the calls.
    ///
    /// A call that was not kept, or was applied before, has no effect: its items are duplicates.
    /// A call that fails stays unapplied, and does not keep the others from being applied.
    /// What was applied all the same, though the database did not answer, is a duplicate the next time.
    pub async fn apply_webhooks(&self, applications: Vec<Application>) -> Vec<Result<Applied>> {
        let count = applications.len();
        let mut tasks = JoinSet::new();
        for (organization, applications) in by_organization(applications) {
            let store = self.clone();
            tasks.spawn(async move { store.apply_of_one(organization, applications).await });
        }
        let mut results: Vec<_> = (0..count).map(|_| None).collect();
        while let Some(joined) = tasks.join_next().await {
            for (index, result) in joined.unwrap_or_default() {
                results[index] = Some(result);
            }
        }
        results
            .into_iter()
            .map(|result| result.unwrap_or(Err(StoreError::NotCommitted)))
            .collect()
    }

    /// Applies the calls of one organization, and halves the batch if a bad call or a slow database requires it.
    async fn apply_of_one(
        &self,
        organization: OrganizationId,
        applications: Vec<Indexed>,
    ) -> HashMap<usize, Result<Applied>> {
        let mut results: HashMap<_, _> = applications
            .iter()
            .map(|(index, _)| (*index, Ok(Applied::default())))
            .collect();
        let mut unfinished = HashSet::new();
        let mut waiting = vec![applications];
        while let Some(mut group) = waiting.pop() {
            for (_, part) in &mut group {
                // A call is applied when all of its parts are.
                part.completes &= !unfinished.contains(&part.call_id);
            }
            let (error, retry) = match self.apply_group(&organization, &group).await {
                Ok(applied) => {
                    for ((index, part), applied) in group.iter().zip(applied) {
                        if applied.no_agent {
                            unfinished.insert(part.call_id.clone());
                        }
                        if let Some(Ok(sum)) = results.get_mut(index) {
                            sum.add(applied);
                        }
                    }
                    continue;
                }
                Err((error, working)) => {
                    let retry = retry(group, &error, working);
                    (error, retry)
                }
            };
            let left = match retry {
                Retry::Halves(first, second) => {
                    waiting.extend([second, first]);
                    continue;
                }
                Retry::Skip(left) => left,
                Retry::Stop(left) => left
                    .into_iter()
                    .chain(waiting.drain(..).flatten())
                    .collect(),
            };
            let mut error = Some(error);
            for (index, part) in left {
                unfinished.insert(part.call_id);
                let error = error.take().unwrap_or(StoreError::NotCommitted);
                results.insert(index, Err(error));
            }
        }
        results
    }

    /// Applies a batch in one transaction. An error comes with whether the transaction had the organization lock.
    async fn apply_group(
        &self,
        organization: &OrganizationId,
        group: &[Indexed],
    ) -> Result<Vec<Applied>, (StoreError, bool)> {
        let (kind, owner) = (self.kind(), organization.clone());
        let applications: Vec<_> = group.iter().map(|(_, part)| part.clone()).collect();
        let working = Arc::new(AtomicBool::new(false));
        let began = Arc::clone(&working);
        let written = self.locked(organization, move |connection| {
            Box::pin(async move {
                transaction::apply_all(kind, owner, &applications, &began, connection).await
            })
        });
        match written.await {
            Ok((applied, appended)) => {
                self.notify(organization, appended);
                Ok(applied)
            }
            Err(error) => Err((error, working.load(Ordering::Relaxed))),
        }
    }
}

/// Decides how a failed batch goes on; `working` says whether it had the organization lock.
fn retry(mut group: Vec<Indexed>, error: &StoreError, working: bool) -> Retry {
    // Who only waited, for a connection or for the lock, gains nothing by asking for less.
    let too_slow = working && matches!(error, StoreError::Timeout | StoreError::Busy);
    let one_is_bad = working && error.concerns_one_write();
    match &mut group[..] {
        [(index, part)] if too_slow && part.items.len() > 1 => {
            let rest = part.items.split_off(part.items.len() / 2);
            let first = Application {
                call_id: part.call_id.clone(),
                organization_id: part.organization_id.clone(),
                items: std::mem::replace(&mut part.items, rest),
                at: part.at,
                completes: false,
            };
            Retry::Halves(vec![(*index, first)], group)
        }
        [_] if one_is_bad => Retry::Skip(group),
        [_, _, ..] if too_slow || one_is_bad => {
            let second = group.split_off(group.len() / 2);
            Retry::Halves(group, second)
        }
        _ => Retry::Stop(group),
    }
}

fn by_organization(applications: Vec<Application>) -> HashMap<OrganizationId, Vec<Indexed>> {
    let mut sorted: HashMap<_, Vec<_>> = HashMap::new();
    for (index, application) in applications.into_iter().enumerate() {
        sorted
            .entry(application.organization_id.clone())
            .or_default()
            .push((index, application));
    }
    sorted
}
