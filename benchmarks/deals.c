/* The law of the deal kernels, written in C as one would write it there: the peer to be measured
 * against. It reads the plan from a file (workloads.write_plan) and makes the same keyed draws, so
 * that its sums must equal the kernels' to the cent.
 *
 * Compiled by peer_c.py, which also defines the places of the flows (N_FLOWS, WON_PIPELINE, …).
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENT = 1, CLOSE_DATE = 2, BIRTH = 3, SIGNATURE = 5, SALS = 6, SHOCK = 7 };
enum { WON = 3, STILL_OPEN = -1, NEVER = 1000000, ORIGIN_CREATED = 3, MAX_RANK = 3 };

typedef struct {
    int64_t rank, shape[MAX_RANK];
    union { double *f; int64_t *i; uint64_t *u; };
} Array;

/* What is read of a DealPlan, in the order of the file. */
#define FIELDS \
    month_end, first_month, first_month_of_quarter, hazard, age_bin, month_effect, effect, offset_cdf, \
    push_cdf, redate, early_push, entry_cdf, late_entry, amount, multiplier_new, multiplier_open, \
    open_entity, open_state, open_amount, stream_key, stream_segment, stream_sals, stream_dispersion, \
    stream_profile_cdf, stream_effect_row, shock_sd

typedef struct { Array FIELDS; } Plan;

typedef struct {
    uint64_t entity;
    double time, amount;
    int month, segment, category, late, entered, close_month, pushes, effect_row, origin;
} Deal;

typedef struct { uint64_t seed, path; int64_t draw; } Luck;
typedef struct { double u[4]; } Block;
typedef struct { int month, length; } Move;

Plan *read_plan(const char *name)
{
    FILE *file = fopen(name, "rb");
    if (!file) return NULL;
    Plan *plan = calloc(1, sizeof *plan);
    for (size_t k = 0; k < sizeof *plan / sizeof(Array); k++) {
        Array *array = (Array *)plan + k;
        size_t size = 1;
        if (fread(&array->rank, 8, 1, file) != 1) return NULL;
        if (fread(array->shape, 8, array->rank, file) != (size_t)array->rank) return NULL;
        for (int64_t axis = 0; axis < array->rank; axis++) size *= array->shape[axis];
        array->f = aligned_alloc(64, (size * 8 + 63) / 64 * 64);
        if (fread(array->f, 8, size, file) != size) return NULL;
    }
    fclose(file);
    return plan;
}

void free_plan(Plan *plan)
{
    for (size_t k = 0; k < sizeof *plan / sizeof(Array); k++) free(((Array *)plan)[k].f);
    free(plan);
}

static inline Block draw_block(uint64_t seed, uint64_t path, uint64_t entity, uint32_t occurrence, uint32_t purpose)
{
    uint32_t c0 = path, c1 = entity, c2 = occurrence, c3 = purpose | (uint32_t)(entity >> 32) << 8;
    uint32_t k0 = seed, k1 = seed >> 32;
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53 * c0, p1 = (uint64_t)0xCD9E8D57 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = p1;
        c3 = p0;
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    const double unit = 0x1p-32;
    return (Block){{(c0 + 0.5) * unit, (c1 + 0.5) * unit, (c2 + 0.5) * unit, (c3 + 0.5) * unit}};
}

static inline const double *row2(const Array *a, int64_t i) { return a->f + i * a->shape[1]; }
static inline const double *row3(const Array *a, int64_t i, int64_t j)
{
    return a->f + (i * a->shape[1] + j) * a->shape[2];
}

/* Counting takes no branch that the processor could mispredict. */
static inline int search(const double *cdf, int64_t size, double u)
{
    int index = 0;
    for (int k = 0; k < size - 1; k++) index += u >= cdf[k];
    return index;
}

static inline int min_int(int a, int b) { return a < b ? a : b; }
static inline int max_int(int a, int b) { return a > b ? a : b; }

/* -log(u) of additions, multiplications and one division (fdlibm), as the kernels work it out. */
static inline double exponential(double u)
{
    int64_t bits;
    memcpy(&bits, &u, 8);
    int64_t exponent = (bits - 0x3FE6A09E667F3BCD) >> 52;
    bits -= (int64_t)((uint64_t)exponent << 52);
    double f, k = exponent;
    memcpy(&f, &bits, 8);
    f -= 1.0;
    double s = f / (2.0 + f), z = s * s, w = z * z, half = 0.5 * f * f;
    double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    double odd = 1.818357216161805012e-01 + w * 1.479819860511658591e-01;
    odd = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * odd));
    return -(k * 6.93147180369123816490e-01 - ((half - (s * (half + (even + odd)) + k * 1.90821492927058770002e-10)) - f));
}

static double standard_normal(double u1, double u2)
{
    return sqrt(-2.0 * log(u1)) * cos(2.0 * M_PI * u2);
}

static int negative_binomial(double u, double mean, double dispersion)
{
    if (mean <= 0.0) return 0;
    int poisson = isinf(dispersion);
    double deviation = sqrt(poisson ? mean : mean + mean * mean / dispersion), log_mass;
    int count = max_int(0, (int)(mean - 12.0 * deviation));
    if (count == 0) {
        log_mass = poisson ? -mean : -dispersion * log1p(mean / dispersion);
    } else if (poisson) {
        log_mass = count * log(mean) - mean - lgamma(count + 1.0);
    } else {
        double success = dispersion / (dispersion + mean);
        log_mass = lgamma(count + dispersion) - lgamma(dispersion) - lgamma(count + 1.0)
                 + dispersion * log(success) + count * log1p(-success);
    }
    double mass = exp(log_mass), cumulative = mass;
    int last = (int)(mean + 40.0 * deviation) + 40;
    while (cumulative < u && count < last) {
        if (poisson) mass *= mean / (count + 1.0);
        else mass *= (count + dispersion) / (count + 1.0) * (mean / (dispersion + mean));
        count++;
        cumulative += mass;
    }
    return count;
}

static inline int geometric(double u, double chance)
{
    double failures = exponential(1.0 - u) / -log1p(-chance);
    return failures < NEVER ? (int)failures : NEVER;
}

static inline Move next_move(const Plan *plan, int64_t draw, int segment, int month, int close_month,
                             double u, double u_length, double u_early)
{
    if (close_month >= NEVER) return (Move){NEVER, 0};
    int length = search(row3(&plan->push_cdf, draw, segment), plan->push_cdf.shape[2], u_length);
    double early = row2(&plan->early_push, draw)[segment];
    if (u_early < early * (close_month - month)) { /* an upper bound of the chance that it comes first */
        int wait = geometric(u_early, early);
        if (month + wait < close_month) return (Move){month + wait, length};
    }
    double at_due = plan->redate.f[draw * 2], after = plan->redate.f[draw * 2 + 1];
    int first = max_int(month, close_month);
    if (close_month >= month) {
        if (u < at_due) return (Move){close_month, length};
        u = (u - at_due) / (1.0 - at_due);
        first++;
    }
    return (Move){after > 0.0 ? first + geometric(u, after) : NEVER, length};
}

static inline double *flow_row(double *flows, int64_t n_segments, int month, int segment)
{
    return flows + (month * n_segments + segment) * N_FLOWS;
}

static inline void slip(const Deal *deal, int n_months, int64_t n_segments, int month, double *flows)
{
    if (month >= 0 && month < n_months) {
        double *row = flow_row(flows, n_segments, month, deal->segment);
        row[SLIPPED] += deal->amount;
        row[N_SLIPPED] += 1.0;
    }
}

static inline void close_deal(const Plan *plan, const Luck *luck, const Deal *deal, int outcome, double *row)
{
    if (outcome != WON) {
        int no_decision = outcome == WON + 2;
        row[no_decision ? LOST_NO_DECISION : LOST_COMPETITION] += deal->amount;
        row[no_decision ? N_LOST_NO_DECISION : N_LOST_COMPETITION] += 1.0;
        return;
    }
    Block b = draw_block(luck->seed, luck->path, deal->entity, 0, SIGNATURE);
    const Array *table = deal->origin == ORIGIN_CREATED ? &plan->multiplier_new : &plan->multiplier_open;
    double multiplier = row3(table, luck->draw, deal->segment)[(int64_t)(b.u[0] * table->shape[2])];
    row[deal->origin] += rint(deal->amount * multiplier);
    row[WON_OPEN_AMOUNT] += deal->amount;
    row[N_WON] += 1.0;
}

/* Follows one deal to its end or to the end of the horizon; *steps counts months looked at. */
static inline int live(const Plan *plan, const Luck *luck, const double *shock, const Deal *deal,
                       double *flows, int *closed_in, int64_t *steps)
{
    Block event = draw_block(luck->seed, luck->path, deal->entity, 0, EVENT);
    Block date = draw_block(luck->seed, luck->path, deal->entity, 0, CLOSE_DATE);
    const int n_months = plan->month_end.shape[0], oldest = plan->age_bin.shape[0] - 1;
    const int64_t n_segments = plan->amount.shape[1], *age_bin = plan->age_bin.i;
    const int n_ages = age_bin[oldest] + 1, phase = plan->first_month_of_quarter.i[0];
    const int has_levers = plan->month_effect.shape[0] > 0, segment = deal->segment;
    const double *month_end = plan->month_end.f, *effect = row3(&plan->effect, luck->draw, deal->effect_row);
    const double *late_entry = row2(&plan->late_entry, luck->draw), *hazards = row3(&plan->hazard, luck->draw, 0);
    double time = deal->time, u_where = event.u[1], wait = exponential(event.u[0]);
    int category = deal->category, late = deal->late, entered = deal->entered;
    int close_month = deal->close_month, pushes = deal->pushes, month = deal->month;
    int n_events = 0, n_dates = 0, linearity = (month + phase) % 3, quarter = (month + phase) / 3;
    Move move = next_move(plan, luck->draw, segment, month, close_month, date.u[0], date.u[1], date.u[2]);
    while (month < n_months) {
        int age = age_bin[min_int(month - entered, oldest)];
        int due = close_month > month ? 0 : close_month == month ? 1 : 2;
        int64_t cell = (segment * 3 + category) * 2 + late;
        cell = ((cell * n_ages + age) * 3 + due) * 9 + linearity * 3 + min_int(pushes, 2);
        const double *hazard = hazards + cell * 8;
        double h[8];
        const double *lever = has_levers ? row3(&plan->month_effect, segment, month) : 0;
        for (int k = 0; k < 8; k++) {
            double now = k == WON ? shock[quarter * 2] : 1.0;
            h[k] = hazard[k] * effect[k] * (has_levers ? now * lever[k] : now);
        }
        double total = ((h[0] + h[4]) + (h[2] + h[6])) + ((h[1] + h[5]) + h[3]);
        double room = (month_end[month] - time) * total;
        ++*steps;
        if (wait >= room) {
            wait -= room;
            time = month_end[month];
            if (month == move.month) {
                int left = max_int(close_month, month);
                close_month = left + 1 + move.length;
                if ((close_month + phase) / 3 > (left + phase) / 3)
                    slip(deal, n_months, n_segments, left, flows);
                pushes++;
                date = draw_block(luck->seed, luck->path, deal->entity, ++n_dates, CLOSE_DATE);
                move = next_move(plan, luck->draw, segment, month + 1, close_month, date.u[0], date.u[1], date.u[2]);
            } else if (linearity == 2 && month - 3 < close_month && close_month <= month) {
                slip(deal, n_months, n_segments, month, flows);
            }
            month++;
            if (++linearity == 3) {
                linearity = 0;
                quarter++;
            }
            continue;
        }
        time += wait / total;
        double target = u_where * total;
        if (target < h[0] + h[1] + h[2]) {
            double below = 0.0;
            if (target < h[0]) category = 0;
            else if (target < h[0] + h[1]) category = 1, below = h[0];
            else category = 2, below = h[0] + h[1];
            entered = month;
            late = target < below + h[category] * late_entry[category];
        } else if (target < h[0] + h[1] + h[2] + h[6]) {
            late = 1;
        } else {
            target -= h[0] + h[1] + h[2] + h[6];
            int outcome = target < h[3] ? WON : target < h[3] + h[4] ? WON + 1 : WON + 2;
            close_deal(plan, luck, deal, outcome, flow_row(flows, n_segments, month, segment));
            *closed_in = month;
            return outcome;
        }
        if (++n_events % 2 == 1) {
            wait = exponential(event.u[2]);
            u_where = event.u[3];
        } else {
            event = draw_block(luck->seed, luck->path, deal->entity, n_events / 2, EVENT);
            wait = exponential(event.u[0]);
            u_where = event.u[1];
        }
    }
    return STILL_OPEN;
}

static inline Deal open_deal(const Plan *plan, const Luck *luck, int64_t index)
{
    const int64_t *state = plan->open_state.i + index * 7;
    uint64_t entity = plan->open_entity.u[index];
    double amount = plan->open_amount.f[index];
    if (amount < 0.0) {
        Block b = draw_block(luck->seed, luck->path, entity, 0, BIRTH);
        amount = row3(&plan->amount, luck->draw, state[0])[(int64_t)(b.u[0] * plan->amount.shape[2])];
    }
    return (Deal){entity, 0.0, amount, 0, state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[1]};
}

static inline Deal new_deal(const Plan *plan, const Luck *luck, int stream, uint64_t entity, int month)
{
    int segment = plan->stream_segment.i[stream];
    Block b = draw_block(luck->seed, luck->path, entity, 0, BIRTH);
    double start = month == 0 ? 0.0 : plan->month_end.f[month - 1];
    double time = start + b.u[3] * (plan->month_end.f[month] - start);
    double amount = row3(&plan->amount, luck->draw, segment)[(int64_t)(b.u[0] * plan->amount.shape[2])];
    int64_t n_offsets = plan->offset_cdf.shape[2], n_profiles = plan->stream_profile_cdf.shape[1];
    int offset = search(row3(&plan->offset_cdf, luck->draw, segment), n_offsets, b.u[1]);
    const double *entry = row3(&plan->entry_cdf, luck->draw, segment);
    int place = search(entry, 6, b.u[2]);
    double below = place > 0 ? entry[place - 1] : 0.0;
    double u_profile = (b.u[2] - below) / (entry[place] - below);
    int profile = search(row2(&plan->stream_profile_cdf, stream), n_profiles, u_profile);
    int row = plan->stream_effect_row.i[(stream * n_profiles + profile) * 3 + (int)(b.u[0] * 3.0)];
    int close_month = offset == n_offsets - 1 ? NEVER : month + offset;
    return (Deal){entity, time, amount, month, segment, place / 2, place % 2, month, close_month, 0, row, ORIGIN_CREATED};
}

static inline uint64_t new_deal_entity(const Plan *plan, int stream, int month, uint64_t index)
{
    uint64_t calendar_month = plan->first_month.i[0] + month;
    return 1ull << 55 | plan->stream_key.u[stream] << 32 | calendar_month << 17 | index;
}

static void draw_shocks(const Plan *plan, uint64_t seed, uint64_t path, int64_t n_quarters, double *shock)
{
    int64_t first = (plan->first_month.i[0] - plan->first_month_of_quarter.i[0]) / 3;
    for (int64_t quarter = 0; quarter < n_quarters; quarter++) {
        Block b = draw_block(seed, path, first + quarter, 0, SHOCK);
        for (int kind = 0; kind < 2; kind++) {
            double sd = plan->shock_sd.f[kind], normal = standard_normal(b.u[2 * kind], b.u[2 * kind + 1]);
            shock[quarter * 2 + kind] = exp(sd * normal - 0.5 * sd * sd);
        }
    }
}

static void simulate_path(const Plan *plan, const Luck *luck, const double *shock, int64_t n_quarters,
                          double *flows, int64_t *open_wins, int64_t *steps)
{
    const int n_months = plan->month_end.shape[0], phase = plan->first_month_of_quarter.i[0];
    const int64_t n_segments = plan->amount.shape[1];
    int closed_in = 0;
    for (int64_t index = 0; index < plan->open_entity.shape[0]; index++) {
        Deal deal = open_deal(plan, luck, index);
        if (live(plan, luck, shock, &deal, flows, &closed_in, steps) == WON)
            open_wins[index * n_quarters + (closed_in + phase) / 3]++;
    }
    for (int stream = 0; stream < plan->stream_key.shape[0]; stream++) {
        int segment = plan->stream_segment.i[stream];
        for (int month = 0; month < n_months; month++) {
            double mean = row3(&plan->stream_sals, luck->draw, stream)[month] * shock[(month + phase) / 3 * 2 + 1];
            Block b = draw_block(luck->seed, luck->path, new_deal_entity(plan, stream, month, 0), 0, SALS);
            int n_sals = negative_binomial(b.u[0], mean, plan->stream_dispersion.f[stream]);
            double *row = flow_row(flows, n_segments, month, segment);
            for (int index = 0; index < n_sals; index++) {
                Deal deal = new_deal(plan, luck, stream, new_deal_entity(plan, stream, month, index), month);
                row[CREATED] += deal.amount;
                row[N_CREATED] += 1.0;
                live(plan, luck, shock, &deal, flows, &closed_in, steps);
            }
        }
    }
}

/* Simulates consecutive paths and returns how many deal-months were looked at.
 * flows: (path, quarter, segment, flow); bookings: (path, month, segment); open_wins: (deal, quarter). */
int64_t simulate_paths(const Plan *plan, uint64_t seed, int64_t first_path, int64_t n_paths,
                       const int64_t *draws, double *flows, double *bookings, int64_t *open_wins)
{
    const int64_t n_months = plan->month_end.shape[0], n_segments = plan->amount.shape[1];
    const int64_t phase = plan->first_month_of_quarter.i[0], n_quarters = (n_months + phase + 2) / 3;
    const int64_t row_size = n_segments * N_FLOWS;
    double *monthly = malloc(n_months * row_size * sizeof *monthly), *shock = malloc(n_quarters * 2 * sizeof *shock);
    int64_t steps = 0;
    for (int64_t row = 0; row < n_paths; row++) {
        double *total = flows + row * n_quarters * row_size;
        Luck luck = {seed, first_path + row, draws[row]};
        memset(monthly, 0, n_months * row_size * sizeof *monthly);
        memset(total, 0, n_quarters * row_size * sizeof *total);
        draw_shocks(plan, seed, luck.path, n_quarters, shock);
        simulate_path(plan, &luck, shock, n_quarters, monthly, open_wins, &steps);
        for (int64_t month = 0; month < n_months; month++)
            for (int64_t k = 0; k < row_size; k++)
                total[(month + phase) / 3 * row_size + k] += monthly[month * row_size + k];
        for (int64_t place = 0; place < n_months * n_segments; place++) {
            const double *won = monthly + place * N_FLOWS;
            bookings[row * n_months * n_segments + place] = ((won[0] + won[1]) + won[2]) + won[3];
        }
    }
    free(monthly);
    free(shock);
    return steps;
}
