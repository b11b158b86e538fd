//! `faxun simulate`.

use super::SimulateCommand;
use faxun::eval::day::{self, Day, Plan};

/// True when nobody was lost.
pub fn simulate(command: &SimulateCommand) -> anyhow::Result<bool> {
    let SimulateCommand::Day {
        seats,
        conversations,
        capacity,
        minutes,
        seed,
        json,
    } = command;
    anyhow::ensure!(
        *seats > 0 && *capacity > 0 && *minutes > 0.0,
        "seats, capacity and minutes must be above 0"
    );
    let plan = Plan {
        seats: *seats,
        conversations: *conversations,
        capacity: *capacity,
        minutes: *minutes,
        seed: *seed,
    };
    let day = day::simulate(&plan);
    if *json {
        println!("{}", serde_json::to_string(&day)?);
    } else {
        print_table(&day);
    }
    Ok(day.lost == 0)
}

fn print_table(day: &Day) {
    println!("hour  asked  slots  load  mean s  p95 s   15 s  Erlang C  3 min  Erlang C");
    let rows = day.hours.iter().enumerate();
    for (hour, h) in rows.chain([(24, &day.all)]) {
        let name = match hour {
            24 => "day".to_owned(),
            hour => format!("{hour:02}"),
        };
        let percent = |p: Option<f64>| p.map_or("-".to_owned(), |p| format!("{:.1} %", p * 100.0));
        println!(
            "{name:<4} {:>6} {:>6.0} {:>5.0} {:>7.1} {:>6.1} {:>7} {:>8} {:>7} {:>8}",
            h.asked,
            h.slots,
            h.erlangs,
            h.mean_wait_s,
            h.p95_wait_s,
            percent(h.within_15_s),
            percent(h.erlang_c_15_s),
            percent(h.within_3_min),
            percent(h.erlang_c_3_min),
        );
    }
    println!(
        "lost {}, dropped out {} times, given back to the queue {}, invitations {} of which {} lapsed",
        day.lost, day.dropped_out, day.given_back, day.invitations, day.lapsed
    );
    println!(
        "urgent: mean {:.1} s, longest {:.1} s; longest wait of all {:.0} s; told wait was off by {:.1} min in the mean",
        day.urgent_mean_s, day.urgent_longest_s, day.longest_wait_s, day.told_off_min
    );
}
