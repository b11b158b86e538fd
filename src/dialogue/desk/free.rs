//! Consultants who can be offered something now, by what they answer for.

use super::super::nouns::Millis;
use super::fit::{Misfit, Profile};
use super::matter::Waiting;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Least loaded first, then longest idle, then by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FreeKey {
    pub load: u32,
    pub idle_since_ms: Millis,
    pub staff: Arc<str>,
}

/// A declared area or region, none declared, or whatever it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Term {
    Declared(Arc<str>),
    Undeclared,
    Any,
}

type Terms = (Term, Term);

/// Free seats by (area, region), each in the order of preference.
#[derive(Debug, Default)]
pub(super) struct Free {
    sets: HashMap<Terms, BTreeSet<FreeKey>>,
}

/// Under which terms a seat is found.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing(Vec<Terms>);

impl Listing {
    pub fn of(profile: &Profile) -> Listing {
        let terms = |list: &[String]| {
            let mut terms: Vec<Term> = list
                .iter()
                .map(|t| Term::Declared(t.as_str().into()))
                .collect();
            if terms.is_empty() {
                terms.push(Term::Undeclared);
            }
            terms.push(Term::Any);
            terms
        };
        let regions = terms(&profile.regions);
        let pairs = terms(&profile.skills)
            .into_iter()
            .flat_map(|area| regions.iter().map(move |r| (area.clone(), r.clone())));
        Listing(pairs.collect())
    }
}

impl Free {
    pub fn insert(&mut self, listing: &Listing, key: &FreeKey) {
        for terms in &listing.0 {
            match self.sets.get_mut(terms) {
                Some(set) => set.insert(key.clone()),
                None => self
                    .sets
                    .entry(terms.clone())
                    .or_default()
                    .insert(key.clone()),
            };
        }
    }

    pub fn remove(&mut self, listing: &Listing, key: &FreeKey) {
        for terms in &listing.0 {
            if let Some(set) = self.sets.get_mut(terms) {
                set.remove(key);
            }
        }
    }

    /// The first seat that passes `may`, among those that could have this misfit or a smaller one.
    pub fn first(
        &self,
        misfit: Misfit,
        waiting: &Waiting,
        may: impl Fn(&Arc<str>) -> bool,
    ) -> Option<&FreeKey> {
        let area = match waiting.wanted_area() {
            Some(area) if misfit < Misfit::Topic => {
                vec![Term::Declared(area.into()), Term::Undeclared]
            }
            _ => vec![Term::Any],
        };
        let region = match waiting.division.as_deref() {
            Some(division) if misfit < Misfit::Region => {
                let mut regions: Vec<Term> = [2, 4, 6]
                    .iter()
                    .filter_map(|n| Some(Term::Declared(division.get(..*n)?.into())))
                    .collect();
                regions.push(Term::Undeclared);
                regions
            }
            _ => vec![Term::Any],
        };
        let pairs = area
            .iter()
            .flat_map(|a| region.iter().map(move |r| (a.clone(), r.clone())));
        pairs
            .filter_map(|terms| self.sets.get(&terms)?.iter().find(|k| may(&k.staff)))
            .min()
    }
}
