"""How the pages write dates and times (FORMAT_MODULE_PATH): as the API and the log do, in UTC."""

DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i:s"
DATETIME_FORMAT = "Y-m-d H:i:s"
