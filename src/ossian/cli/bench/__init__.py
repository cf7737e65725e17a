"""`ossian bench`: what an engine reaches here, beside what the machine allows."""
