use super::*;

fn plan(seats: u32, conversations: u32) -> Plan {
    Plan {
        seats,
        conversations,
        capacity: 1,
        minutes: 12.0,
        seed: 7,
    }
}

#[test]
fn a_small_day_loses_nobody_and_danger_waits_least() {
    let day = simulate(&plan(60, 1_000));
    assert_eq!(day.lost, 0);
    assert!(day.dropped_out > 20 && day.lapsed > 10, "{day:?}");
    assert!(day.all.within_3_min > Some(0.5), "{:?}", day.all);
    assert!(day.urgent_mean_s < day.all.mean_wait_s.max(20.0), "{day:?}");
    let again = simulate(&plan(60, 1_000));
    assert_eq!(format!("{day:?}"), format!("{again:?}"), "replayable");
}

/// Alike seats that accept at once and never drop out: then the routing must do what the formula says.
#[test]
fn alike_seats_do_what_erlang_c_says() {
    const SEATS: u32 = 20;
    const ASKED: usize = 60_000;
    let (mean_ms, erlangs) = (60_000.0, 17.0);
    let mut rng = fastrand::Rng::with_seed(3);
    let mut some = |mean: f64| -mean * (1.0 - rng.f64()).ln();
    let mut routing = Routing::new(1);
    for n in 0..SEATS as usize {
        let role = StaffRole::Consultant;
        routing.arrive(&seat_name(n), role, &Profile::default(), 0);
    }
    // (time, ends: its conversation, or None for the next to ask)
    let mut agenda = BinaryHeap::from([Reverse((0, None))]);
    let (mut asked, mut asked_ms) = (0, Vec::new());
    let (mut waited, mut slow) = (0, 0);
    while let Some(Reverse((now_ms, ends))) = agenda.pop() {
        match ends {
            Some(n) => routing.set(&name(n), Standing::Elsewhere, now_ms),
            None if asked < ASKED => {
                let waiting = Waiting {
                    since_ms: now_ms,
                    urgent: false,
                    reason: HandoffReason::Asked,
                    area: None,
                    division: None,
                    lawyer_only: false,
                    last_staff: None,
                    matter: Matter::default(),
                };
                routing.set(&name(asked), Standing::Waiting(waiting), now_ms);
                asked_ms.push(now_ms);
                asked += 1;
                let next_ms = now_ms + some(mean_ms / erlangs) as Millis;
                agenda.push(Reverse((next_ms, None)));
            }
            None => {}
        }
        for step in routing.deal(now_ms) {
            let Move::Invite {
                conversation,
                staff,
                ..
            } = step
            else {
                panic!("nothing lapses")
            };
            let n: usize = conversation.parse().unwrap();
            let standing = Standing::Owned {
                staff: staff.to_string(),
                matter: Matter::default(),
            };
            routing.set(&conversation, standing, now_ms);
            waited += usize::from(now_ms > asked_ms[n]);
            slow += usize::from(now_ms - asked_ms[n] > 15_000);
            let end_ms = now_ms + some(mean_ms) as Millis;
            agenda.push(Reverse((end_ms, Some(n))));
        }
    }
    assert!(routing.is_empty());
    let share = |n: usize| n as f64 / ASKED as f64;
    let expected = erlang::waits(SEATS, erlangs).unwrap();
    assert!(
        (share(waited) - expected).abs() < 0.03,
        "{waited} {expected}"
    );
    let within = erlang::within(SEATS, erlangs, mean_ms / 1000.0, 15.0).unwrap();
    assert!((1.0 - share(slow) - within).abs() < 0.03, "{slow} {within}");
}
