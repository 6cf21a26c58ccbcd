// What every page needs, in the order in which it starts.

import "htmx.org";

import { startChoosing } from "./choose.js";
import { startClock } from "./clock.js";
import { startFilters } from "./filter.js";
import { startLive } from "./live.js";
import { startLogin } from "./login.js";
import { startOutranked } from "./outranked.js";
import { startRefresh } from "./refresh.js";
import { startUntil } from "./until.js";
import { startValueTitles } from "./value-title.js";
import { startWriteDialog } from "./write-dialog.js";
import { startWriteGuard } from "./write-guard.js";

startClock();
startChoosing();
startFilters();
startRefresh();
startLogin();
startOutranked();
startUntil();
startWriteDialog();
startWriteGuard();
startValueTitles(startLive());
