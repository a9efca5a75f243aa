//! What a route asks of its caller, as its handler's signature states it.

use recado_core::Scope;

/// The requirement of a route on its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: everyone may call.
    Nothing,
    /// The proof that a provider gives: a signature, or the secret in the URL.
    ProviderProof,
    /// An API key or a session of one organization, with the scope.
    Scope(Scope),
    /// An operator key.
    Operator,
    /// An operator key, or an API key or a session of the organization in the path with the scope `manage`.
    OrganizationManager,
    /// An operator key, or an API key or a session with the scope `manage`.
    Manager,
    /// A session.
    Session,
    /// That a browser calls from a page of this server.
    OwnPage,
    /// An API key of an organization.
    OrganizationKey,
    /// An API key of an organization, or an operator key.
    AnyKey,
}

/// An extractor that lets only some callers pass.
pub(crate) trait Guard {
    /// What it asks of them.
    const NEED: Need;
}

/// A handler whose first argument is a [`Guard`].
pub(crate) trait Guarded<Arguments> {
    const NEED: Need;
}

macro_rules! guarded {
    ($($argument:ident)*) => {
        impl<Function, Answer, First: Guard, $($argument),*> Guarded<(First, $($argument),*)> for Function
        where
            Function: Fn(First, $($argument),*) -> Answer,
        {
            const NEED: Need = First::NEED;
        }
    };
}

guarded!();
guarded!(A);
guarded!(A B);
guarded!(A B C);

pub(crate) const fn need_of<Arguments, Handler: Guarded<Arguments>>(_: &Handler) -> Need {
    Handler::NEED
}
