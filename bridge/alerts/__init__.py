"""What somebody must look at: one alert for each cause, open until it is dealt with."""
